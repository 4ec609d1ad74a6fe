"""`fumikura read PASSAGE_ID`: the document around a hit."""

import click

from rag.models import Reading, ReadRequest
from service.access.recorded import LOCAL_OPERATOR
from service.cli.options import console, json_option, run
from service.cli.render import reading_view
from service.cli.requests import checked
from service.cli.session import open_session
from service.settings import read_settings


@click.command("read")
@click.argument("passage_id")
@click.option("--before", default=1, show_default=True, help="Passages to show before it.")
@click.option("--after", default=1, show_default=True, help="Passages to show after it.")
@json_option
def read(passage_id: str, before: int, after: int, *, as_json: bool) -> None:
    """Show the passage PASSAGE_ID of a hit (`search --json`) and its neighbours."""
    request = checked(ReadRequest, passage_id=passage_id, before=before, after=after)
    reading = run(_read(request))
    if as_json:
        print(reading.model_dump_json(indent=2))
    else:
        console().print(reading_view(reading))


async def _read(request: ReadRequest) -> Reading:
    async with open_session(read_settings()) as session:
        return await session.desk.read(LOCAL_OPERATOR, request)
