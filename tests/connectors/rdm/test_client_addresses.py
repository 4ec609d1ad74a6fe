import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyHttpUrl

from connectors.rdm.addresses import AddressRefused, below, is_same_origin, redirected
from connectors.rdm.settings import PRESETS, RdmSettings

RDM = PRESETS["rdm"]
FILE = httpx2.URL("https://files.rdm.nii.ac.jp/v1/resources/abc12/providers/osfstorage/5f0")


def _plain(files_url: str) -> RdmSettings:
    return RDM.model_copy(update={"files_url": AnyHttpUrl(files_url)})


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://s3.nii.ac.jp/bucket/a?X-Sig=1", "https://s3.nii.ac.jp/bucket/a?X-Sig=1"),
        ("https://S3.NII.ac.jp/a", "https://s3.nii.ac.jp/a"),
        ("https://files.rdm.nii.ac.jp:8443/a", "https://files.rdm.nii.ac.jp:8443/a"),
        ("//s3.nii.ac.jp/a", "https://s3.nii.ac.jp/a"),
        ("/v1/other", "https://files.rdm.nii.ac.jp/v1/other"),
        ("?version=2", f"{FILE}?version=2"),
    ],
)
def test_a_download_may_be_sent_on_to_the_storage_named_in_the_settings(
    location: str, target: str
) -> None:
    assert str(redirected(FILE, location, RDM)) == target


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        (None, "nowhere"),
        ("https://evil.example/a", "evil.example, not among"),
        ("https://nii.ac.jp.evil.example/", "not among"),
        ("https://evilnii.ac.jp/", "not among"),
        ("https://nii.ac.jp/", "not among"),
        ("//evil.example/a", "not among"),
        ("https://files.rdm.nii.ac.jp@evil.example/", "credentials"),
        ("https://user:secret@s3.nii.ac.jp/", "credentials"),
        ("https://[::1]/a", "::1, not among"),
        ("https://[fe80::1", "no address"),
        ("https://127.0.0.1/latest/meta-data", "not among"),
        ("https://169.254.169.254/latest/meta-data", "not among"),
        ("https://s3.nii.ac.jp:port/a", "no address"),
        ("https://s3.nii.ac.jp:65536/a", "no address"),
        ("https://s3.nii.ac.jp:0/a", "no address"),
        (f"https://{'a' * 64}.nii.ac.jp/a", "no address"),
        ("https://s3..nii.ac.jp/a", "no address"),
        ("https://s3.nii.ac.jp/\n", "no address"),
        (f"https://s3.nii.ac.jp/{'a' * 70_000}", "no address"),
        ("http://s3.nii.ac.jp/a", "without TLS"),
        ("http://files.rdm.nii.ac.jp/a", "without TLS"),
        ("ftp://s3.nii.ac.jp/a", "without TLS"),
        ("file:///etc/passwd", "not among"),
        ("data:text/plain,x", "not among"),
    ],
)
def test_it_is_sent_nowhere_else(location: str | None, reason: str) -> None:
    with pytest.raises(AddressRefused, match=reason) as caught:
        redirected(FILE, location, RDM)
    assert "secret" not in str(caught.value)


def test_a_server_without_tls_may_send_on_to_itself_and_on_this_machine() -> None:
    here = _plain("http://127.0.0.1:7777/")
    current = httpx2.URL("http://127.0.0.1:7777/v1/a")
    assert str(redirected(current, "http://127.0.0.1:8888/b", here)) == "http://127.0.0.1:8888/b"
    lab = _plain("http://files.lab.example/")
    current = httpx2.URL("http://files.lab.example/v1/a")
    assert str(redirected(current, "/b", lab)) == "http://files.lab.example/b"


def test_a_server_without_tls_may_not_send_on_to_another_one_without() -> None:
    with pytest.raises(AddressRefused, match="without TLS"):
        redirected(FILE, "http://s3.nii.ac.jp/a", _plain("http://files.rdm.nii.ac.jp/"))


def test_a_server_with_tls_may_not_send_on_to_this_machine_without() -> None:
    settings = RDM.model_copy(update={"storage_hosts": ("127.0.0.1",)})
    with pytest.raises(AddressRefused, match="without TLS"):
        redirected(FILE, "http://127.0.0.1:8888/b", settings)


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ("https://files.rdm.nii.ac.jp:443/x", True),
        ("https://FILES.rdm.nii.ac.jp/x", True),
        ("https://files.rdm.nii.ac.jp:8443/x", False),
        ("http://files.rdm.nii.ac.jp/x", False),
        ("https://rdm.nii.ac.jp/x", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(other: str, is_same: bool) -> None:  # noqa: FBT001 - an outcome
    assert is_same_origin(FILE, httpx2.URL(other)) is is_same


@pytest.mark.parametrize("path", ["a/../b", "..", "./a", "a/.."])
def test_a_path_stays_below_its_base(path: str) -> None:
    with pytest.raises(AddressRefused, match="out of its folder"):
        below(RDM.files_url, path, {})


@given(
    st.text(alphabet="ab.:/@[]%?#\\\n0９ä ", max_size=20), st.sampled_from(["", "https://", "//"])
)
def test_whatever_a_server_writes_is_an_allowed_address_or_refused(text: str, begin: str) -> None:
    try:
        target = redirected(FILE, begin + text, RDM)
    except AddressRefused:
        return
    assert (target.scheme, target.userinfo) == ("https", b"")
    assert target.host.endswith(".nii.ac.jp")
