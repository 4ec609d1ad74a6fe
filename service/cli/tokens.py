"""Tokens of GakuNin RDM as they come to the command line: never as an argument.

Arguments are seen by every user of the machine, and kept in the history of shells.
"""

import ipaddress
import sys
from urllib.parse import urlsplit

import click
from pydantic import SecretStr

from service.cli.problems import TokenInTheClear, TokenMissing

token_option = click.option(
    "--token-stdin", is_flag=True, help="Read a personal access token of the source's own."
)


def read_token(prompt: str) -> SecretStr:
    """Return a token that is piped in, or typed unseen where stdin is a terminal.

    Raises:
        TokenMissing: there is none.
    """
    if sys.stdin.isatty():
        typed: str = click.prompt(prompt, hide_input=True, default="", show_default=False, err=True)
    else:
        typed = sys.stdin.readline()
    token = typed.strip()
    if not token:
        raise TokenMissing
    return SecretStr(token)


def refuse_in_the_clear(service_url: str | None) -> None:
    """Let pass what stays on this machine or is encrypted on its way.

    Raises:
        TokenInTheClear: neither of them.
    """
    if service_url is None:
        return
    url = urlsplit(service_url)
    if url.scheme != "https" and not _is_loopback(url.hostname or ""):
        raise TokenInTheClear(f"{url.scheme}://{url.hostname}")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
