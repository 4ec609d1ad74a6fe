"""`fumikura ask QUESTION`."""

from typing import Any

import click

from rag.models import Answer, AnswerDone, AnswerText, AskRequest
from service.access.recorded import LOCAL_OPERATOR
from service.cli.narrowing import narrowing_options
from service.cli.options import console, json_option, project_option, run
from service.cli.render import sources_table
from service.cli.requests import checked
from service.cli.session import Session, open_session
from service.settings import read_settings


@click.command("ask")
@click.argument("question")
@project_option
@narrowing_options
@click.option("--limit", "-n", default=8, show_default=True, help="Passages to read, 1 to 30.")
@json_option
def ask(question: str, *, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - fields of the request
    """Answer QUESTION with citations; without a chat model, quote the sentences that fit best."""
    request = checked(AskRequest, question=question, **asked)
    run(_ask(request, as_json=as_json))


async def _ask(request: AskRequest, *, as_json: bool) -> None:
    async with open_session(read_settings()) as session:
        if as_json:
            answer = await session.desk.ask(LOCAL_OPERATOR, request)
            print(answer.model_dump_json(indent=2))
        else:
            show_answer_end(await show_answer(session, request))


async def show_answer(session: Session, request: AskRequest) -> Answer:
    """Print the answer's text as it comes and return all of it."""
    async for event in session.desk.stream_answer(LOCAL_OPERATOR, request):
        if isinstance(event, AnswerText):
            print(event.text, end="", flush=True)
        elif isinstance(event, AnswerDone):
            print()
            return event.answer
    raise RuntimeError("a stream of answer events must end with AnswerDone")


def show_answer_end(answer: Answer) -> None:
    """Print the note and the cited sources."""
    screen = console()
    if answer.note:
        screen.print(answer.note, style="dim", markup=False)
    if answer.citations:
        screen.print(sources_table(answer))
