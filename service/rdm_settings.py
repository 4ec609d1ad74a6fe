"""Complete the settings of an RDM instance: from its preset, and from RDM's own variables."""

import os
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit, urlunsplit

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from connectors.rdm.settings import RdmSettings

_API: Final = "api."
_OF_THE_PRESET: Final = {
    "api_url",
    "files_url",
    "web_url",
    "storage_hosts",
    "has_public_projects",
    "token",
}


class AnalysisEnvironment(PydanticBaseSettingsSource):
    """Reads `RDM_TOKEN` and `RDM_API_URL`, which RDM's analysis environment sets for rdmfs."""

    def __call__(self) -> dict[str, Any]:
        found = {"token": os.environ.get("RDM_TOKEN"), "api_url": os.environ.get("RDM_API_URL")}
        given = {name: value for name, value in found.items() if value}
        return {"rdm": given} if given else {}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic-settings' signature
        """Return nothing: the fields are not read one by one."""
        return None, field_name, False


def filled_in(given: object, preset: RdmSettings) -> object:
    """Add to what an operator wrote what the preset says.

    Another API has hosts of its own: they follow from `api.` at the beginning of its host, or must
    be named, so that no token goes to the preset's hosts.
    """
    if not isinstance(given, Mapping):
        return given
    chosen = dict(cast("Mapping[str, object]", given))
    api_url = str(chosen.get("api_url", preset.api_url))
    if _host(api_url) == _host(str(preset.api_url)):
        return preset.model_dump() | chosen
    rest = preset.model_dump(exclude=_OF_THE_PRESET)
    return rest | hosts_beside(api_url) | chosen


def hosts_beside(api_url: str) -> dict[str, str]:
    """Return where files and pages are for an API at `api.X`: `files.X`, `X`; else nothing."""
    place = urlsplit(api_url)
    if not place.netloc.startswith(_API):
        return {}
    host = place.netloc.removeprefix(_API)
    return {
        "files_url": urlunsplit((place.scheme, f"files.{host}", "/", "", "")),
        "web_url": urlunsplit((place.scheme, host, "/", "", "")),
    }


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # the field itself refuses it, and says why
        return None
