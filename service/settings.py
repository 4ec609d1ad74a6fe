"""What an operator may choose: one typed object, read once from the environment."""

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast
from urllib.parse import quote

from platformdirs import user_data_path
from pydantic import (
    AliasChoices,
    AnyHttpUrl,
    BaseModel,
    Field,
    SecretBytes,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from agents.settings import AgentSettings
from connectors.folder import MAX_FILE_BYTES
from connectors.rdm.settings import PRESETS, InstanceName, RdmSettings
from inference.settings import (
    ChatSettings,
    EmbeddingSettings,
    GatewaySettings,
    OcrSettings,
    RerankSettings,
    RuntimeSettings,
)
from rag.parsing.limits import ParseLimits
from rag.store.settings import QdrantSettings
from service.problems import SettingsInvalid
from service.rdm_settings import AnalysisEnvironment, filled_in

PREFIX = "FUMIKURA_"
DEFAULT_PORT = 8642
_TOKEN_KEY_BYTES: Final = 32
_DATABASES: Final = frozenset({"sqlite", "postgresql", "postgres"})


class RaySettings(BaseModel, frozen=True):
    """The cluster that files are read on with the engine `ray`."""

    address: str = "auto"
    """`auto`: the cluster that runs on this machine; `host:port`; `local`: one is started here."""

    shares_folders: bool = False
    """All its nodes see the folders of this machine under the same paths."""


class Settings(BaseSettings):
    """Every setting is `FUMIKURA_NAME`; a section's is `FUMIKURA_SECTION__NAME`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
    )

    data_folder: Path = Field(default_factory=lambda: user_data_path("fumikura"))
    """Records, store and the key secret; only for the service's own user."""

    database_url: str | None = None
    """`postgresql://…`; SQLite in the data folder when absent."""

    key_secret: SecretStr | None = Field(default=None, min_length=32)
    """What API keys are hashed with; made in the data folder when absent. Services that share a
    database must share it."""

    url: AnyHttpUrl | None = None
    """A running service for the command line and `fumikura mcp` to talk to."""

    api_key: SecretStr | None = None
    """The key to send to it."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = DEFAULT_PORT
    allowed_hosts: tuple[str, ...] = ()
    """Further names by which clients reach this service, as in their `Host` header."""

    folder_roots: tuple[Path, ...] = ()
    """Folders below which a holder of an admin key may register projects."""

    max_file_bytes: Annotated[int, Field(ge=1)] = MAX_FILE_BYTES
    max_body_bytes: Annotated[int, Field(ge=2**16)] = 32 * 2**20
    """Largest request; a page image of 10 MB as base64 must fit."""

    rdm: RdmSettings = PRESETS["rdm"]
    """GakuNin RDM; RDM_TOKEN and RDM_API_URL count too, as its analysis environment sets them."""

    osf: RdmSettings = PRESETS["osf"]

    rdm_node_id: str | None = Field(
        default=None, validation_alias=AliasChoices(f"{PREFIX}RDM_NODE_ID", "RDM_NODE_ID")
    )
    """The project around the notebook, in RDM's analysis environment."""

    token_keys: Annotated[tuple[SecretBytes, ...], NoDecode] = ()
    """What linked RDM tokens are sealed with: 32 bytes each, in base64, separated by commas. The
    first one seals, all of them open."""

    sync_every_s: Annotated[float, Field(ge=60, le=31_536_000)] | None = None
    """How often sources are synced that say nothing else; None: when somebody asks."""

    catalogue: Path | None = None
    """The site's own file of models and where they answer, beside those that fumikura knows."""

    gateway: GatewaySettings = GatewaySettings()
    runtimes: RuntimeSettings = RuntimeSettings()
    """How the models are served that the catalogue starts on this machine."""

    otlp_endpoint: AnyHttpUrl | None = None
    """The collector that spans are sent to, over HTTP, such as http://collector:4318."""

    embedding: EmbeddingSettings = EmbeddingSettings()
    next_embedding: EmbeddingSettings | None = None
    """The model to move to (`fumikura reembed`); once it answers, either name will do for it."""

    rerank: RerankSettings = RerankSettings()
    chat: ChatSettings = ChatSettings()
    ocr: OcrSettings = OcrSettings()
    qdrant: QdrantSettings = QdrantSettings()
    parsing: ParseLimits = ParseLimits()

    engine: Literal["local", "ray"] = "local"
    """Where files are parsed and cut: in this process, or on a Ray cluster (extra `ray`)."""

    ray: RaySettings = RaySettings()
    agents: AgentSettings = AgentSettings(verse_corpus=None, deadline_s=300.0)

    @field_validator("database_url")
    @classmethod
    def _is_readable(cls, url: str | None) -> str | None:
        """Refuse here what the database layer would quote in its error, password included."""
        if url is not None and not _is_database_url(url):
            raise ValueError(
                "write sqlite:///path or postgresql://user:password@host/name, in the password"
                " %40 for @, %3A for : and %2F for /"
            )
        return url

    @field_validator("rdm", "osf", mode="before")
    @classmethod
    def _filled_in(cls, given: object, info: ValidationInfo) -> object:
        return filled_in(given, PRESETS[cast("InstanceName", info.field_name)])

    @field_validator("token_keys", mode="before")
    @classmethod
    def _decoded(cls, given: object) -> object:
        """Refuse, without a word of it, what is no list of keys."""
        if not isinstance(given, str):
            return given
        keys = [_key_bytes(part) for part in given.split(",") if part.strip()]
        if any(key is None for key in keys):
            raise ValueError("write 32 bytes in base64 (`openssl rand -base64 32`), after commas")
        return keys

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the variables of RDM's analysis environment last: any other setting outdoes them."""
        usual = (init_settings, env_settings, dotenv_settings, file_secret_settings)
        return *usual, AnalysisEnvironment(settings_cls)

    @property
    def instances(self) -> Mapping[InstanceName, RdmSettings]:
        """The settings of each instance of RDM, by its name."""
        return {"rdm": self.rdm, "osf": self.osf}

    @cached_property
    def records_url(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{quote(str(self.data_folder / 'records.db'))}"

    @property
    def embeddings(self) -> list[EmbeddingSettings]:
        """The models: the one for now, then the next one."""
        return [self.embedding, *([self.next_embedding] if self.next_embedding else [])]

    @property
    def store_folder(self) -> Path:
        """Where the embedded store lies."""
        return self.data_folder / "store"

    @property
    def usage_folder(self) -> Path:
        """Where records of usage lie until they are in the database."""
        return self.data_folder / "usage"

    @property
    def is_loopback(self) -> bool:
        """Tell whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_settings(**overrides: Any) -> Settings:  # noqa: ANN401 - fields of Settings
    """Read the environment; `overrides` come first.

    Raises:
        SettingsInvalid: names the variables that do not fit, without their values.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise SettingsInvalid([_fault(fault["loc"], fault["msg"]) for fault in faults]) from None


def _is_database_url(url: str) -> bool:
    from sqlalchemy import make_url  # noqa: PLC0415 - only where a URL is set
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - see the line above

    try:
        return make_url(url).get_backend_name() in _DATABASES
    except (ArgumentError, ValueError):
        return False


def _key_bytes(written: str) -> bytes | None:
    try:
        key = base64.b64decode(written.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == _TOKEN_KEY_BYTES else None


def _fault(place: tuple[int | str, ...], message: str) -> str:
    name = PREFIX + "__".join(str(part).upper() for part in place)
    return f"{name}: {message}"
