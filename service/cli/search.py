"""`fumikura search QUERY`."""

from typing import Any

import click

from rag.models import SearchAnswer, SearchRequest
from service.access.recorded import LOCAL_OPERATOR
from service.cli.narrowing import narrowing_options
from service.cli.options import console, json_option, project_option, run
from service.cli.render import hits_table
from service.cli.requests import checked
from service.cli.session import open_session
from service.settings import read_settings


@click.command("search")
@click.argument("query")
@project_option
@narrowing_options
@click.option("--limit", "-n", default=8, show_default=True, help="Hits (or files) a page, to 100.")
@click.option("--neighbours", default=0, help="Passages to show around each hit, up to 3.")
@click.option("--by-file", "group_by", flag_value="file", help="Up to 3 hits of each file.")
@click.option("--unique", "unique_texts", is_flag=True, help="Leave out copies of a text.")
@click.option("--cursor", help="Go on behind the page whose `next_cursor` this is.")
@json_option
def search(query: str, *, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - fields of the request
    """Find passages for QUERY, in Japanese or English."""
    request = checked(SearchRequest, query=query, **asked)
    answer = run(_search(request))
    if as_json:
        print(answer.model_dump_json(indent=2))
    elif answer.hits:
        _show(answer)
    else:
        said = ["Nothing found.  見つかりませんでした。", answer.note or ""]
        console().print("\n".join(filter(None, said)), markup=False)


def _show(answer: SearchAnswer) -> None:
    screen = console()
    screen.print(hits_table(answer.hits, answer.query))
    if answer.note:
        screen.print(answer.note, style="dim", markup=False)
    if answer.next_cursor:
        more = f"More: add --cursor={answer.next_cursor}"
        screen.print(more, style="dim", markup=False, soft_wrap=True)


async def _search(request: SearchRequest) -> SearchAnswer:
    async with open_session(read_settings()) as session:
        return await session.desk.search(LOCAL_OPERATOR, request)
