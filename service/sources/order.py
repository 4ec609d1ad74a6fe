"""What an operator asks for who adds a source: light, for a command line that only sends it on."""

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOrder:
    """What shall become a source; of one that is there already, None changes nothing."""

    location: str
    """`rdm:abc12`, `osf:abc12`, `rdmfs:/mnt/rdm`, or the path of a folder."""
    project_id: str | None = None
    """Of a folder: made from its name when absent. Of a mount: `rdm-` and the node's id."""
    title: str | None = None
    """Of a folder or mount; nodes keep the titles that they have in RDM."""
    token: SecretStr | None = None
    """Reads this source from now on, in place of the service's own token."""
    sync_every_s: float | None = None
    with_registrations: bool | None = None
