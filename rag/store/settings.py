"""What an operator may choose about the vector store."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import AnyHttpUrl, BaseModel, Field, SecretStr, ValidationInfo, field_validator

from rag.store.schema import Quantisation


class QdrantSettings(BaseModel, frozen=True):
    """Without a URL, Qdrant's engine runs in this process on a folder."""

    url: AnyHttpUrl | None = None
    plain_http: bool = False
    """Send the key over `http://` to another machine, where everybody on the way can read it."""

    api_key: SecretStr | None = None
    ca_file: Path | None = None
    """Certificates (PEM) of those who may vouch for the server; the system's own when absent."""

    timeout_s: Annotated[int, Field(ge=1, le=600)] = 30
    shards: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Of a collection that is made: one for each node when absent. `fumikura store plan` helps."""

    replicas: Annotated[int, Field(ge=1, le=10)] = 1
    write_consistency: Annotated[int, Field(ge=1, le=10)] = 1
    """Replicas that have applied a write before it is acknowledged."""

    quantisation: Quantisation = "none"
    """Of the dense vectors in memory, in process and on a server; what is found is scored anew by
    the vectors themselves."""

    oversampling: Annotated[float, Field(ge=1, le=8)] = 2.0
    """How many times the candidates are found by quantised vectors before they are scored anew."""

    @field_validator("api_key")
    @classmethod
    def _stays_secret(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        url: AnyHttpUrl | None = info.data.get("url")
        is_open = url is not None and url.scheme == "http" and not _is_this_machine(url)
        if key is not None and is_open and not info.data.get("plain_http"):
            raise ValueError(
                "it would be readable on its way to an http:// address: give the server a"
                " certificate and an https:// address (and CA_FILE), or allow it by PLAIN_HTTP=true"
            )
        return key


def _is_this_machine(url: AnyHttpUrl) -> bool:
    host = (url.host or "").strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
