"""`fumikura keys create|list|rotate|limit|revoke`: also beside a running service."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import click

from contracts.principal import ALL_SCOPES, Scope
from service.cli.options import console, json_option, run
from service.cli.render import keys_table
from service.keys import EVERY_MODEL, EVERY_PROJECT, KeyInfo, KeyOrder, NewKey
from service.limits.spans import UNLIMITED, Limits
from service.settings import read_settings

Command = TypeVar("Command", bound=Callable[..., Any])

_UNKNOWN: Final = (
    "There is no project {0!r} yet; the key sees it once it is there.\n"
    "プロジェクト「{0}」はまだありません。登録されると、このキーで見えるようになります。"
)


def limit_options(command: Command) -> Command:
    """Add an option for each limit."""
    for name, field in reversed(Limits.model_fields.items()):
        option = click.option(
            f"--{name.replace('_', '-')}",
            name,
            type=click.IntRange(min=1),
            help=field.description or "Not limited if absent.",
        )
        command = option(command)
    return command


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
@click.option(
    "--model",
    "models",
    multiple=True,
    default=(EVERY_MODEL,),
    show_default=True,
    help="A model that it may call; may be repeated.",
)
@limit_options
@json_option
def create(  # noqa: PLR0913 - click's options
    *,
    name: str,
    principal_id: str,
    scopes: tuple[Scope, ...],
    projects: tuple[str, ...],
    days: int | None,
    models: tuple[str, ...],
    as_json: bool,
    **limits: int | None,
) -> None:
    """Make a key. It is shown once and kept nowhere."""
    order = KeyOrder(
        name=name,
        principal_id=principal_id,
        scopes=frozenset(scopes),
        projects=projects,
        expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
        models=models,
        limits=Limits(**limits),
    )
    made, unknown = run(_create(order))
    for project_id in unknown:
        print(_UNKNOWN.format(project_id), file=sys.stderr)
    _show_once(made, as_json=as_json)


@keys.command("rotate")
@click.argument("key_id")
@click.option(
    "--overlap-days",
    type=click.IntRange(0, 366),
    default=7,
    show_default=True,
    help="Days that the old key stays valid.",
)
@json_option
def rotate(key_id: str, *, overlap_days: int, as_json: bool) -> None:
    """Make a key in the place of another one, which ends after the overlap."""
    _show_once(run(_rotate(key_id, timedelta(days=overlap_days))), as_json=as_json)


@keys.command("limit")
@click.argument("person")
@limit_options
@click.option("--remove", is_flag=True, help="Limit the person no more.")
@json_option
def limit(person: str, *, remove: bool, as_json: bool, **limits: int | None) -> None:
    """Set what all keys of PERSON may use of models together; without options, show it.

    What is set takes the place of all limits that were set before.
    """
    asked = Limits(**limits)
    if remove and asked != UNLIMITED:
        raise click.UsageError("--remove goes with no limit")
    held = run(_limit(person, None if asked == UNLIMITED and not remove else asked))
    told = held.model_dump(exclude_none=True)
    if as_json:
        print(json.dumps(told, indent=2))
    else:
        print("\n".join(f"{name}: {most:,}" for name, most in told.items()) or "No limits.")


def _show_once(made: NewKey, *, as_json: bool) -> None:
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


async def _rotate(key_id: str, overlap: timedelta) -> NewKey:
    from service.wiring import open_records  # noqa: PLC0415 - not for --help

    async with open_records(read_settings()) as records:
        return await records.keys.rotate(key_id, overlap=overlap)


async def _limit(person: str, limits: Limits | None) -> Limits:
    """Set the limits, if some are given, and return those that hold."""
    from service.limits.persons import PersonLimits  # noqa: PLC0415 - not for --help
    from service.wiring import open_records  # noqa: PLC0415 - see above

    async with open_records(read_settings()) as records:
        persons = PersonLimits(records.database)
        if limits is not None:
            await persons.set(person, limits)
        return await persons.of(person)


async def _list() -> list[KeyInfo]:
    from service.wiring import open_records  # noqa: PLC0415 - not for --help

    async with open_records(read_settings()) as records:
        return await records.keys.list_all()


async def _revoke(key_id: str) -> KeyInfo:
    from service.wiring import open_records  # noqa: PLC0415 - not for --help

    async with open_records(read_settings()) as records:
        return await records.keys.revoke(key_id)
