"""`fumikura links`: the RDM accounts whose projects an API key may find."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, get_args

import click
from pydantic import TypeAdapter

from connectors.rdm.settings import InstanceName
from service.access.link_info import LinkInfo
from service.cli.options import console, json_option, run
from service.cli.problems import NoService
from service.cli.session import running_service
from service.cli.source_tables import links_table
from service.cli.tokens import read_token, refuse_in_the_clear
from service.problems import LinkNeedsKey
from service.settings import Settings, read_settings

if TYPE_CHECKING:
    from service.remote_desk import RemoteDesk

instance_argument = click.argument("instance", type=click.Choice(get_args(InstanceName)))
_ROTATED: Final = "{} sealed anew with the first of FUMIKURA_TOKEN_KEYS.  {}件を封印し直しました。"


@click.group("links")
def links() -> None:
    """Link the account of GakuNin RDM or OSF whose projects your API key may find.

    Each command but `rotate` asks the running service, in the name of FUMIKURA_API_KEY.
    """


@links.command("list")
@json_option
def list_links(*, as_json: bool) -> None:
    """List the accounts that are linked to the key."""
    found = run(_list())
    if as_json:
        print(TypeAdapter(list[LinkInfo]).dump_json(found, indent=2).decode())
    else:
        console().print(links_table(found))


@links.command("add")
@instance_argument
@click.option("--token-stdin", is_flag=True, help="Read the token from stdin, whatever is set.")
@json_option
def add(instance: InstanceName, *, token_stdin: bool, as_json: bool) -> None:
    """Link an account of INSTANCE, in the place of a former one.

    The personal access token is that of the environment (RDM_TOKEN for `rdm`); where there is
    none, it is read from stdin, or typed unseen.
    """
    link = run(_add(instance, token_comes=token_stdin))
    if as_json:
        print(link.model_dump_json(indent=2))
    else:
        print(f"Linked to {link.user_name} ({link.instance}:{link.user_id}).  連携しました。")


@links.command("remove")
@instance_argument
@json_option
def remove(instance: InstanceName, *, as_json: bool) -> None:
    """Forget the linked token: what only that account could read is not found any more."""
    run(_remove(instance))
    if as_json:
        print(json.dumps({"removed": instance}))
    else:
        print(f"Unlinked {instance}.  連携を解除しました。")


@links.command("rotate")
@json_option
def rotate(*, as_json: bool) -> None:
    """Seal all tokens anew, of every key and source, with the first of FUMIKURA_TOKEN_KEYS.

    Works on the records, as the operator. Afterwards the other keys can be taken away.
    """
    count = run(_rotate())
    print(json.dumps({"resealed": count}) if as_json else _ROTATED.format(count, count))


async def _list() -> list[LinkInfo]:
    async with _desk_of_key(read_settings()) as desk:
        return await desk.list_links()


async def _add(instance: InstanceName, *, token_comes: bool) -> LinkInfo:
    settings = read_settings()
    async with _desk_of_key(settings) as desk:
        refuse_in_the_clear(str(desk.client.base_url))
        known = None if token_comes else settings.instances[instance].token
        token = known or read_token(f"Personal access token of {instance}")
        return await desk.link_account(instance, token)


async def _remove(instance: InstanceName) -> None:
    async with _desk_of_key(read_settings()) as desk:
        await desk.unlink_account(instance)


async def _rotate() -> int:
    from service.wiring import open_records  # noqa: PLC0415 - not for --help

    async with open_records(read_settings()) as records:
        return await records.links.rotate()


@asynccontextmanager
async def _desk_of_key(settings: Settings) -> "AsyncGenerator[RemoteDesk]":
    """Talk to the running service as the holder of FUMIKURA_API_KEY: links are a key's own.

    Raises:
        LinkNeedsKey: no key is set.
        NoService: none is running.
    """
    from service.remote_desk import open_remote_desk  # noqa: PLC0415 - not for --help

    if settings.api_key is None:
        raise LinkNeedsKey
    service = await running_service(settings)
    if service is None:
        raise NoService
    async with open_remote_desk(service.url, settings.api_key) as desk:
        yield desk
