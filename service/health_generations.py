"""Look whether the model that the index was made by is among those that the settings name."""

from contextlib import AsyncExitStack

from contracts.problems import Problem
from service.checks import Check
from service.generations.choosing import choose_active
from service.generations.state import Collection, ReembeddingState
from service.settings import Settings

_NAME = "index"


async def check_index(settings: Settings) -> Check:
    """Return which model answers, and how far the move to another one is; nothing is changed."""
    try:
        state = await _state(settings)
        if state is None:
            return Check(name=_NAME, state="off", detail="nothing has been indexed yet")
        configured = await _configured(settings)
        chosen = choose_active(state, configured)
    except Problem as problem:
        return Check(name=_NAME, state="broken", detail=problem.message, hint=problem.hint or "")
    if chosen.model != state.active.model:
        return _changed(state, chosen)
    return _moving(state)


async def _state(settings: Settings) -> ReembeddingState | None:
    from service.records.database import peek_into  # noqa: PLC0415 - loads alembic
    from service.records.generations import GenerationRecords  # noqa: PLC0415 - as above

    if settings.database_url is None and not (settings.data_folder / "records.db").exists():
        return None
    async with peek_into(settings.records_url, table="generations") as database:
        return None if database is None else await GenerationRecords(database).find()


async def _configured(settings: Settings) -> list[Collection]:
    from service.models import open_embedders  # noqa: PLC0415 - loads the models' libraries

    async with AsyncExitStack() as stack:
        return list(await open_embedders(settings, stack))


def _changed(state: ReembeddingState, chosen: Collection) -> Check:
    """Say what a plain change of the setting does: it has begun to do so by the next start."""
    return Check(
        name=_NAME,
        state="missing",
        detail=f"made by {state.active.model}; {chosen.model} finds nothing until the next sync",
        hint="To move without downtime, name the former model in FUMIKURA_EMBEDDING__…, the new one"
        " in FUMIKURA_NEXT_EMBEDDING__…, and run `fumikura reembed start`.",
    )


def _moving(state: ReembeddingState) -> Check:
    said = f"made by {state.active.model}"
    if state.other is None:
        return Check(name=_NAME, state="ok", detail=said)
    said += f"; {state.other_is}: {state.other.model}, {state.stage}"
    if state.error is None:
        return Check(
            name=_NAME, state="ok", detail=said, hint="`fumikura reembed status` has more."
        )
    return Check(
        name=_NAME,
        state="broken",
        detail=f"{said}: {state.error.message}",
        hint=state.error.hint or "",
    )
