"""The description of the API, public as it is: what FastAPI knows of the routes, and more."""

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from service.rest.guard import guarded_router

router = guarded_router("service")

TITLE: Final = "Fumikura 文庫"
DESCRIPTION: Final = (
    "Ask your own research data: search, cited answers and agents, on premises.\n\n"
    "Send `Authorization: Bearer fmk_…` (or `x-api-key`). Every error has one form"
    " (`ProblemBody`: a stable `code`, a message in English and often Japanese, and a `hint` with"
    " the next step), but for the OpenAI-compatible routes, which answer as OpenAI does. Every"
    " answer has an `x-request-id`. This description is public; all that it describes is not.\n\n"
    "研究データを検索し、出典つきの回答を得て、エージェントを実行するための API です。"
)
TAGS: Final = [
    {"name": "search", "description": "Search, read on, and ask / 検索・閲覧・質問"},
    {"name": "agents", "description": "Agents / エージェント"},
    {"name": "projects", "description": "Projects and their files / プロジェクト"},
    {"name": "sources", "description": "Where files come from / データの取得元"},
    {"name": "jobs", "description": "Syncs / 同期ジョブ"},
    {"name": "links", "description": "Linked accounts of RDM and OSF / RDM アカウントの連携"},
    {"name": "keys", "description": "API keys / API キー"},
    {"name": "usage", "description": "What models were used for / モデルの利用量と上限"},
    {"name": "models", "description": "Move to another model / 埋め込みモデルの移行"},
    {"name": "OpenAI-compatible", "description": "For OpenAI's clients / OpenAI 互換"},
    {"name": "service", "description": "Health and metrics / 稼働状況"},
]
SECURITY_SCHEMES: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key: `fmk_…`."},
    "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}


@router.get("/openapi.json", include_in_schema=False)
async def get_openapi(request: Request) -> JSONResponse:
    """Describe the API."""
    return JSONResponse(describe(request.app))


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, and in it how a key is sent."""
    document = app.openapi()
    document["components"]["securitySchemes"] = SECURITY_SCHEMES
    return document
