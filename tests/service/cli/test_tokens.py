"""Where a token may be sent, and where it comes from."""

import io

import pytest

from service.cli.problems import TokenInTheClear, TokenMissing
from service.cli.tokens import read_token, refuse_in_the_clear


@pytest.mark.parametrize(
    "url",
    [
        None,
        "https://fumikura.example",
        "http://127.0.0.1:8642",
        "http://[::1]:8642",
        "http://localhost",
    ],
)
def test_a_token_may_go_where_nobody_reads_along(url: str | None) -> None:
    refuse_in_the_clear(url)


@pytest.mark.parametrize(
    "url",
    ["http://fumikura.example", "http://10.0.0.2:8642", "http://localhost.example", "ftp://x"],
)
def test_it_may_go_nowhere_else(url: str) -> None:
    with pytest.raises(TokenInTheClear):
        refuse_in_the_clear(url)


def test_a_piped_token_is_its_first_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" t0ken \nrest"))
    assert read_token("Token").get_secret_value() == "t0ken"


def test_an_empty_pipe_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(TokenMissing):
        read_token("Token")
