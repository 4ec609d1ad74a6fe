"""Look at everything the service depends on, one check each; nothing is changed."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from inference.tesseract import open_tesseract
from rag.store.lock import holder_of
from service.checks import Check, checked
from service.health_gateway import check_deployments
from service.health_generations import check_index
from service.health_models import check_chat, check_embedding, check_rerank
from service.health_rdm import check_osf, check_rdm, check_token_keys
from service.running import find_running
from service.settings import Settings
from service.stores import server_options

_LANGUAGES: Final = {
    "Japanese": ("jpn",),
    "English": ("eng",),
    "Vedic Sanskrit": ("script/Devanagari", "Devanagari", "san"),
}


async def examine(settings: Settings) -> list[Check]:
    """Return all checks, in the order in which a request would meet what they look at."""
    checks: list[Callable[[Settings], Awaitable[Check]]] = [
        _data_folder,
        _service,
        _database,
        _store,
        check_embedding,
        check_index,
        check_rerank,
        check_chat,
        check_deployments,
        _ocr,
        check_rdm,
        check_osf,
        check_token_keys,
    ]
    return [await check(settings) for check in checks]


async def _data_folder(settings: Settings) -> Check:
    folder = settings.data_folder
    is_there = await asyncio.to_thread(folder.exists)
    reason = await asyncio.to_thread(_why_unusable, folder)
    if reason is not None:
        hint = "Name one that this user may write: FUMIKURA_DATA_FOLDER."
        return Check(name="data folder", state="broken", detail=f"{folder}: {reason}", hint=hint)
    if not is_there:
        return Check(name="data folder", state="off", detail=f"{folder} (made on first use)")
    free = shutil.disk_usage(folder).free / 2**30
    return Check(name="data folder", state="ok", detail=f"{folder} ({free:.1f} GiB free)")


def _why_unusable(folder: Path) -> str | None:
    """Say why the folder, or the one that it would be made in, does not serve; None if it does."""
    nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not nearest.is_dir():
        return f"{nearest} is no folder"
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        return f"{nearest} may not be written by this user"
    return None


async def _service(settings: Settings) -> Check:
    from service.remote_desk import open_remote_desk  # noqa: PLC0415 - not for every check

    running = find_running(settings.data_folder)
    url = str(settings.url) if settings.url is not None else running.url if running else None
    if url is None:
        hint = "Start one: `fumikura serve`."
        return Check(name="service", state="off", detail="none is running", hint=hint)
    hint = "Start it (`fumikura serve`), or correct FUMIKURA_URL, or unset it."
    async with open_remote_desk(url, None) as desk:
        return await checked("service", url, desk.check_alive(), hint=hint)


async def _database(settings: Settings) -> Check:
    from service.records.database import check_database  # noqa: PLC0415 - loads alembic

    if settings.database_url is None and not (settings.data_folder / "records.db").exists():
        return Check(name="database", state="off", detail="SQLite (made on first use)")
    kind = "SQLite" if settings.database_url is None else settings.database_url.partition(":")[0]
    hint = "Does its server run, and is FUMIKURA_DATABASE_URL right, the password too?"
    if settings.database_url is None:
        hint = f"May this user read and write {settings.data_folder / 'records.db'}?"
    return await checked("database", kind, check_database(settings.records_url), hint=hint)


async def _store(settings: Settings) -> Check:
    if settings.qdrant.url is None:
        return await asyncio.to_thread(_embedded_store, settings)
    from rag.store.server import check_server  # noqa: PLC0415 - loads Qdrant's client

    url, key = str(settings.qdrant.url), settings.qdrant.api_key
    secret = key.get_secret_value() if key else None
    asked = check_server(url, secret, server_options(settings.qdrant))
    hint = "Does the server run, and are FUMIKURA_QDRANT__URL and __API_KEY right?"
    return await checked("vector store", f"Qdrant at {url}", asked, hint=hint)


def _embedded_store(settings: Settings) -> Check:
    """Look who holds the store; the running service of this data folder may."""
    detail = f"Qdrant's engine in process, {settings.store_folder}"
    holder = holder_of(settings.store_folder)
    running = find_running(settings.data_folder)
    if holder is None:
        return Check(name="vector store", state="ok", detail=detail)
    if running is not None and running.pid == holder.pid:
        said = f"{detail} (in use by the running service)"
        return Check(name="vector store", state="ok", detail=said)
    hint = "Wait for that program, or stop it; `fumikura serve` lets many share the store."
    said = f"{detail}: in use by {holder.title}"
    return Check(name="vector store", state="broken", detail=said, hint=hint)


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
