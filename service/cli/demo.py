"""`fumikura demo`: the whole path on the sample projects, in a temporary folder."""

import base64
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import click

from agents.registry import find_agent
from contracts.problems import Problem
from rag.models import AskRequest, SearchRequest
from service.access.recorded import LOCAL_OPERATOR
from service.cli.ask import show_answer, show_answer_end
from service.cli.failures import tell
from service.cli.options import console, run
from service.cli.progress import show_end, sync_source
from service.cli.render import hits_table
from service.cli.session import Session, open_session
from service.problems import SamplesMissing
from service.settings import read_settings
from service.sources.order import SourceOrder

if TYPE_CHECKING:
    from rich.console import Console

SAMPLES: Final = Path(__file__).parents[2] / "samples"
PROJECTS: Final = ("alloy-project", "veda-project")


@dataclass(frozen=True, slots=True)
class Search:
    """A search, and what it is there to show."""

    query: str
    about: str


SEARCHES: Final = (
    Search("時効温度を上げると硬さの最大値が早く現れるのはなぜか", "Japanese"),
    Search("Why did furnace 2 overshoot?", "English"),
    Search("TI-02 はどの引き出しに保管されているか", "the answer sits in a spreadsheet"),
)
QUESTION: Final = "アルミニウム合金では溶体化処理から水冷までの移し替えを何秒以内にすべきか"
SHEET: Final = "alloy-project/試料台帳.xlsx"
ROWS: Final = ("AL-02", "TI-04", "AL-05")
"""Samples of that sheet: one described well, one too briefly, one with contradictions."""
_FIRST_COLUMN: Final = "試料番号"
PAGE: Final = "veda-project/images/rv_1.1.1_3.62.10.png"

VERSE: Final = "agnim īḷe purohitaṃ yajñasya devam ṛtvijam"
"""Explained where the page cannot be read."""


@click.command("demo")
def demo() -> None:
    """Index the sample projects, search, ask, run both agents, and call a tool over MCP.

    Nothing is left behind: the store lies in a temporary folder.
    """
    run(_demo())


async def _demo() -> None:
    if not SAMPLES.is_dir():
        raise SamplesMissing
    screen = console()
    with TemporaryDirectory(prefix="fumikura-demo-") as folder:
        settings = read_settings(data_folder=Path(folder), url=None)
        async with open_session(settings) as session:
            await _index(session, screen)
            await _search(session, screen)
            await _ask(session, screen)
            await _check_samples(session, screen)
            await _explain_page(session, screen)
        await _call_over_mcp(Path(folder), screen)
    _say_what_next(screen)


async def _index(session: Session, screen: "Console") -> None:
    _heading(screen, "Index two projects", "二つのプロジェクトを索引する")
    for name in PROJECTS:
        made = await session.keeper.add_source(SourceOrder(location=str(SAMPLES / name)))
        show_end(await sync_source(session, made, quiet=False), as_json=False)


async def _search(session: Session, screen: "Console") -> None:
    for search in SEARCHES:
        _heading(screen, f"Search ({search.about})", search.query)
        request = SearchRequest(query=search.query, limit=3)
        answer = await session.desk.search(LOCAL_OPERATOR, request)
        screen.print(hits_table(answer.hits, search.query))


async def _ask(session: Session, screen: "Console") -> None:
    _heading(screen, "Ask, with citations", QUESTION)
    show_answer_end(await show_answer(session, AskRequest(question=QUESTION)))


async def _check_samples(session: Session, screen: "Console") -> None:
    for row in ROWS:
        _heading(screen, f"Check the description of sample {row}", "材料試料の情報チェック")
        fields = _row(SAMPLES / SHEET, row)
        screen.print(" | ".join(fields.values()), style="dim", markup=False)
        submission = {"fields": fields, "profile": "bulk_alloy"}
        await _run_agent(session, "check_sample_quality", submission)


def _row(path: Path, sample: str) -> dict[str, str]:
    """Return a sample's row of the first worksheet by column name, without its empty cells."""
    from openpyxl import load_workbook  # noqa: PLC0415 - only here

    rows = list(load_workbook(path).worksheets[0].iter_rows(values_only=True))
    names = next(row for row in rows if row[0] == _FIRST_COLUMN)
    values = next(row for row in rows if row[0] == sample)
    return {
        str(name): value.date().isoformat() if isinstance(value, datetime) else str(value)
        for name, value in zip(names, values, strict=True)
        if value is not None
    }


async def _explain_page(session: Session, screen: "Console") -> None:
    _heading(screen, f"Explain a Vedic page ({PAGE})", "ヴェーダ語の頁を読む")
    image = base64.b64encode((SAMPLES / PAGE).read_bytes()).decode("ascii")
    try:
        await _run_agent(session, "explain_vedic", {"image": image})
    except Problem as problem:  # no OCR on this machine: the rest can be shown all the same
        tell(problem, as_json=False)
        await _run_agent(session, "explain_vedic", {"text": VERSE})


async def _run_agent(session: Session, name: str, fields: dict[str, Any]) -> None:
    agent = find_agent(name)
    request = agent.request.model_validate(fields)
    print(agent.render(await session.desk.run_agent(LOCAL_OPERATOR, name, request)))


async def _call_over_mcp(folder: Path, screen: "Console") -> None:
    """Do what an assistant does: start `fumikura mcp`, list its tools, call one."""
    from mcp_server.client import call_tool  # noqa: PLC0415 - loads the MCP library

    query = SEARCHES[0].query
    _heading(screen, "Call a tool over MCP, as an assistant does", f'search(query="{query}")')
    command = [sys.executable, "-m", "service.cli.main", "mcp"]
    environment = os.environ | {"FUMIKURA_DATA_FOLDER": str(folder)}
    environment.pop("FUMIKURA_URL", None)
    called = await call_tool(
        command, environment, name="search", arguments={"query": query, "limit": 1}
    )
    screen.print(f"Tools: {', '.join(called.tools)}", markup=False)
    print(called.text)


def _say_what_next(screen: "Console") -> None:
    _heading(screen, "What next?", "次は")
    program = os.path.relpath(sys.argv[0])
    for line in (
        "index ~/my-project        # your own files",
        'search "熱処理の温度"     # then search, ask',
        "serve                     # REST, OpenAI-compatible endpoints, MCP",
        "doctor                    # what is configured, reachable, missing",
    ):
        print(f"  {program} {line}")


def _heading(screen: "Console", title: str, subtitle: str) -> None:
    from rich.text import Text  # noqa: PLC0415 - see console()

    screen.print()
    screen.rule(Text(title, style="bold"), align="left")
    screen.print(subtitle, style="italic", markup=False)
