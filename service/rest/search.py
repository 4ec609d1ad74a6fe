"""Search, read on around a hit, and ask."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, Final, cast

from fastapi import Body, Path, Query, Request, Response

from rag.models import (
    Answer,
    AnswerEvent,
    AskRequest,
    Reading,
    ReadRequest,
    SearchAnswer,
    SearchRequest,
)
from service.rest.context import Caller, Opened
from service.rest.events import Events, described, event, stream, wants_events
from service.rest.guard import guarded_router

router = guarded_router("search")

_SEARCH: Final[Any] = {
    "ja": {"summary": "日本語で検索", "value": {"query": "熱処理の温度", "limit": 5}},
    "en": {"summary": "One project", "value": {"query": "tensile strength", "projects": ["alloy"]}},
    "narrowed": {
        "summary": "PDFs below a folder, changed since April, by file",
        "value": {
            "query": "溶体化処理",
            "file_types": ["pdf"],
            "paths": ["reports/"],
            "modified_from": "2026-04-01T00:00:00+09:00",
            "group_by": "file",
        },
    },
}
_ASK: Final[Any] = {
    "ja": {
        "summary": "日本語で質問",
        "value": {"question": "AZ91合金の溶体化処理は何度で何時間でしたか"},
    },
    "en": {"summary": "In English", "value": {"question": "How was the alloy aged?", "limit": 6}},
}


@router.post("/v1/search")
async def search(
    asked: Annotated[SearchRequest, Body(openapi_examples=_SEARCH)], caller: Caller, opened: Opened
) -> SearchAnswer:
    """Find passages in the projects that the key may see."""
    return await opened.desk.search(caller, asked)


@router.get("/v1/passages/{passage_id}")
async def read_passage(
    passage_id: Annotated[str, Path(min_length=1, max_length=64)],
    caller: Caller,
    opened: Opened,
    before: Annotated[int, Query(ge=0, le=50, description="Passages to add before it.")] = 1,
    after: Annotated[int, Query(ge=0, le=50, description="Passages to add after it.")] = 1,
) -> Reading:
    """Read the document around a passage that was found."""
    asked = ReadRequest(passage_id=passage_id, before=before, after=after)
    return await opened.desk.read(caller, asked)


@router.post(
    "/v1/answers",
    response_model=Answer,
    responses=described(
        "events: `hits` with what will be cited, `text` for each stretch of the answer, `done`"
        " with the whole answer; or `error` with a problem."
    ),
)
async def answer(
    request: Request,
    asked: Annotated[AskRequest, Body(openapi_examples=_ASK)],
    caller: Caller,
    opened: Opened,
) -> Answer | Response:
    """Answer a question with citations, at once or piece by piece."""
    if wants_events(request):
        return await stream(request, _events(opened.desk.stream_answer(caller, asked)))
    return await opened.desk.ask(caller, asked)


async def _events(pieces: AsyncIterator[AnswerEvent]) -> Events:
    async with aclosing(cast("AsyncGenerator[AnswerEvent]", pieces)) as answered:
        async for piece in answered:
            yield event(piece.type, piece)
