"""`fumikura keys create|list|revoke`: works on the records, also beside a running service."""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from contracts.principal import ALL_SCOPES, Scope
from service.cli.options import console, json_option, run
from service.cli.render import keys_table
from service.keys import EVERY_PROJECT, KeyInfo, KeyOrder, NewKey
from service.settings import read_settings

_UNKNOWN: Final = (
    "There is no project {0!r} yet; the key sees it once it is there.\n"
    "プロジェクト「{0}」はまだありません。登録されると、このキーで見えるようになります。"
)


@click.group("keys")
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command("create")
@click.option("--name", required=True, help="What the key is for.")
@click.option("--for", "principal_id", required=True, help="Id of the person or program.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(sorted(ALL_SCOPES)),
    default=("read",),
    show_default=True,
    help="What it allows; may be repeated.",
)
@click.option(
    "--project",
    "-p",
    "projects",
    multiple=True,
    default=(EVERY_PROJECT,),
    show_default=True,
    help="A project that it may see; may be repeated.",
)
@click.option(
    "--days", type=click.IntRange(1, 3650), help="Days until it expires; never if absent."
)
@json_option
def create(
    *,
    name: str,
    principal_id: str,
    scopes: tuple[Scope, ...],
    projects: tuple[str, ...],
    days: int | None,
    as_json: bool,
) -> None:
    """Make a key. It is shown once and kept nowhere."""
    order = KeyOrder(
        name=name,
        principal_id=principal_id,
        scopes=frozenset(scopes),
        projects=projects,
        expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
    )
    made, unknown = run(_create(order))
    for project_id in unknown:
        print(_UNKNOWN.format(project_id), file=sys.stderr)
    if as_json:
        print(made.model_dump_json(indent=2))
    else:
        print(made.key)
        print("Keep it now: it is not shown again.  今だけ表示されます。", flush=True)


@keys.command("list")
@json_option
def list_keys(*, as_json: bool) -> None:
    """List the keys, the newest first; never the keys themselves."""
    keys = run(_list())
    if as_json:
        print(json.dumps([key.model_dump(mode="json") for key in keys], indent=2))
    else:
        console().print(keys_table(keys))


@keys.command("revoke")
@click.argument("key_id")
@json_option
def revoke(key_id: str, *, as_json: bool) -> None:
    """Refuse a key from the next request on; KEY_ID is what follows `fmk_`."""
    info = run(_revoke(key_id))
    if as_json:
        print(info.model_dump_json(indent=2))
    else:
        print(f"Revoked {info.id} ({info.name}).")


async def _create(order: KeyOrder) -> tuple[NewKey, list[str]]:
    """Return the key, and which of its projects are not there (yet)."""
    from service.wiring import open_records  # noqa: PLC0415 - not for --help

    async with open_records(read_settings()) as records:
        named = set(order.projects) - {EVERY_PROJECT}
        unknown = [each for each in sorted(named) if await records.projects.find(each) is None]
        return await records.keys.create(order), unknown


async def _list() -> list[KeyInfo]:
    from service.wiring import open_records  # noqa: PLC0415 - not for --help

    async with open_records(read_settings()) as records:
        return await records.keys.list_all()


async def _revoke(key_id: str) -> KeyInfo:
    from service.wiring import open_records  # noqa: PLC0415 - not for --help

    async with open_records(read_settings()) as records:
        return await records.keys.revoke(key_id)
