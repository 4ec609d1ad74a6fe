"""`fumikura search QUERY`."""

import click

from rag.models import SearchAnswer, SearchRequest
from service.access.recorded import LOCAL_OPERATOR
from service.cli.options import console, json_option, project_option, run
from service.cli.render import hits_table
from service.cli.requests import checked
from service.cli.session import open_session
from service.settings import read_settings


@click.command("search")
@click.argument("query")
@project_option
@click.option("--limit", "-n", default=8, show_default=True, help="Hits to show, 1 to 100.")
@json_option
def search(query: str, projects: tuple[str, ...], limit: int, *, as_json: bool) -> None:
    """Find passages for QUERY, in Japanese or English."""
    request = checked(SearchRequest, query=query, projects=list(projects) or None, limit=limit)
    answer = run(_search(request))
    if as_json:
        print(answer.model_dump_json(indent=2))
    elif answer.hits:
        console().print(hits_table(answer.hits, query))
    else:
        said = ["Nothing found.  見つかりませんでした。", answer.note or ""]
        console().print("\n".join(filter(None, said)), markup=False)


async def _search(request: SearchRequest) -> SearchAnswer:
    async with open_session(read_settings()) as session:
        return await session.desk.search(LOCAL_OPERATOR, request)
