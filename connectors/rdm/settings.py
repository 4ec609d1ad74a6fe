"""What an operator may choose about GakuNin RDM and OSF."""

from typing import Annotated, Final, Literal

from pydantic import AnyHttpUrl, BaseModel, Field, SecretStr

InstanceName = Literal["rdm", "osf"]
"""Names an instance wherever one is meant: in `rdm:abc12`, and at the head of project ids."""


class RdmSettings(BaseModel, frozen=True):
    """One instance: where it is, who asks, and how hard it may be asked.

    Of GakuNin RDM 10,000 requests a day and 10 a second are allowed to each user, over all
    programs that use the same account; the defaults leave some to others.
    """

    api_url: AnyHttpUrl
    """API v2, such as `https://api.rdm.nii.ac.jp/v2/`."""
    files_url: AnyHttpUrl
    """WaterButler, such as `https://files.rdm.nii.ac.jp/`."""
    web_url: AnyHttpUrl
    """The pages that people open, such as `https://rdm.nii.ac.jp/`."""
    has_public_projects: bool = True
    """GakuNin RDM itself shows no project to everybody; OSF does."""
    storage_hosts: tuple[str, ...] = ()
    """Hosts, or `.suffixes` of hosts, to which a download may be redirected."""
    token: SecretStr | None = None
    """Reads the sources that have no token of their own."""

    page_size: Annotated[int, Field(ge=1, le=100)] = 100
    downloads_at_once: Annotated[int, Field(ge=1, le=32)] = 4
    requests_per_second: Annotated[float, Field(gt=0, le=10)] = 8.0
    requests_per_day: Annotated[int, Field(ge=1, le=10_000)] = 9_500
    connect_timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    read_timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0
    """Longest silence in the middle of an answer."""
    request_deadline_s: Annotated[float, Field(gt=0, le=3600)] = 120.0
    """Longest time for one answer that is no file, with all its repetitions."""
    download_deadline_s: Annotated[float, Field(gt=0, le=86_400)] = 3600.0
    tries: Annotated[int, Field(ge=1, le=10)] = 4
    max_answer_bytes: Annotated[int, Field(ge=2**16)] = 128 * 2**20
    """Largest answer that is no file: the listing of a folder with 100,000 files fits."""
    relist_after_s: Annotated[float, Field(ge=0)] = 86_400.0
    """How long logs are trusted. Storages behind RDM can be changed without a log."""


PRESETS: Final[dict[InstanceName, RdmSettings]] = {
    "rdm": RdmSettings(
        api_url=AnyHttpUrl("https://api.rdm.nii.ac.jp/v2/"),
        files_url=AnyHttpUrl("https://files.rdm.nii.ac.jp/"),
        web_url=AnyHttpUrl("https://rdm.nii.ac.jp/"),
        has_public_projects=False,
        storage_hosts=(".nii.ac.jp",),
    ),
    "osf": RdmSettings(
        api_url=AnyHttpUrl("https://api.osf.io/v2/"),
        files_url=AnyHttpUrl("https://files.osf.io/"),
        web_url=AnyHttpUrl("https://osf.io/"),
        storage_hosts=(".osf.io", "storage.googleapis.com"),
    ),
}
