"""What `index` and `sources add` are told about a place that files come from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Final, TypeVar, cast

import click
from pydantic import SecretStr

from service.cli.durations import seconds_of
from service.cli.session import Session
from service.cli.tokens import read_token, refuse_in_the_clear, token_option
from service.sources.order import SourceOrder

CommandT = TypeVar("CommandT", bound=Callable[..., object])

_MOUNT: Final = "rdmfs:"
_NODES: Final = ("rdm:", "osf:")
_OPTIONS: Final = (
    click.option("--project-id", help="Id of a folder's project; made from its name when absent."),
    click.option("--title", help="A folder's name for people; its own name when absent."),
    click.option("--every", help="Sync it again and again: 30m, 6h, 1d. Needs a running service."),
    click.option("--registrations", is_flag=True, help="With the project's registrations."),
    token_option,
)


def place_options(command: CommandT) -> CommandT:
    """Add the options of a place to a command."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A place as it was typed; `location` means the same in every working directory."""

    location: str
    project_id: str | None
    title: str | None
    every_s: float | None
    with_registrations: bool
    token_comes: bool

    @classmethod
    def of(cls, place: str, options: Mapping[str, object]) -> "Choice":
        """Read what click hands over for `place_options`.

        Raises:
            InvalidRequest: a span of time has another form.
        """
        every = cast("str | None", options["every"])
        return cls(
            location=located(place),
            project_id=cast("str | None", options["project_id"]),
            title=cast("str | None", options["title"]),
            every_s=None if every is None else seconds_of(every),
            with_registrations=bool(options["registrations"]),
            token_comes=bool(options["token_stdin"]),
        )

    def order(self, token: SecretStr | None) -> SourceOrder:
        """Return what the service is asked for; what was not typed changes nothing."""
        return SourceOrder(
            location=self.location,
            project_id=self.project_id,
            title=self.title,
            token=token,
            sync_every_s=self.every_s,
            with_registrations=True if self.with_registrations else None,
        )


async def added(session: Session, choice: Choice) -> str:
    """Make the place a source, if it is none, and return its id.

    Raises:
        TokenInTheClear: its token would travel unencrypted; it was not read.
        TokenMissing: a token was announced, and none came.
    """
    token: SecretStr | None = None
    if choice.token_comes:
        refuse_in_the_clear(session.service_url)
        token = read_token(f"Token for {choice.location}")
    return await session.keeper.add_source(choice.order(token))


def located(place: str) -> str:
    """Return a place with its path made absolute, where it has one."""
    if place.startswith(_NODES):
        return place
    if place.startswith(_MOUNT):
        return _MOUNT + _absolute(place.removeprefix(_MOUNT))
    return _absolute(place)


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().resolve())
