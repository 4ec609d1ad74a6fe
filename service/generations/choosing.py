"""Which model answers, and what may be asked of the move to another one: decisions alone."""

from collections.abc import Sequence
from typing import Literal

from service.generations.problems import (
    ActiveModelMissing,
    NextModelMissing,
    ReembeddingUnfit,
)
from service.generations.state import Collection, ReembeddingState, Stage

Order = Literal["start", "switch", "rollback", "drop"]
"""start: fill the next collection, or go on; switch: let it answer; rollback: let the former one
answer again; drop: remove the one that does not answer."""


def choose_active(state: ReembeddingState | None, configured: Sequence[Collection]) -> Collection:
    """Return which of the configured collections shall answer, the first of two for now.

    It is the one that answered before. Where that is of another form, by an update of the service,
    it is the one of the same model. Where no other model has ever been moved to, it is the first:
    a plain change of the setting, after which the next sync fills a new collection.

    Raises:
        ActiveModelMissing: the index would be empty without anybody having asked for that.
    """
    if state is None:
        return configured[0]
    for each in configured:
        if each.name == state.active.name:
            return each
    for each in configured:
        if each.model == state.active.model:
            return each
    if state.other is None and state.switched_at is None:
        return configured[0]
    raise ActiveModelMissing(state.active.model, [each.model for each in configured])


def next_stage(
    order: Order, state: ReembeddingState, configured: Sequence[Collection]
) -> tuple[Stage, Collection | None]:
    """Return the stage that an order leads to, and the collection that begins to be filled, if any.

    An order that is being carried out leads to where it is: given twice, it is carried out once.

    Raises:
        ReembeddingUnfit: it does not fit the state.
        NextModelMissing: the model that it needs is not in the settings.
    """
    if order != "drop" and state.other is not None and state.other not in configured:
        raise NextModelMissing(state.other.model)
    match order:
        case "start":
            return _start(state, configured)
        case "switch":
            _require(state, "next", "switch", "Start with `fumikura reembed start`.")
            return _flip("switch", state), None
        case "rollback":
            _require(state, "former", "rollback", "Only after a switch is there a former model.")
            return _flip("rollback", state), None
        case "drop":
            return _drop(state), None


def _start(
    state: ReembeddingState, configured: Sequence[Collection]
) -> tuple[Stage, Collection | None]:
    if state.other is None:
        others = [each for each in configured if each.name != state.active.name]
        if not others:
            raise NextModelMissing
        return "checking", others[0]
    if state.other_is == "former":
        advice = "Remove it first: `fumikura reembed drop`."
        raise ReembeddingUnfit("start", reason="the former collection is still kept", advice=advice)
    if state.stage in {"catching_up", "switching", "dropping"}:
        raise _busy("start", state)
    return "building" if state.stage == "ready" else state.stage, None


def _require(state: ReembeddingState, role: str, order: str, advice: str) -> None:
    if state.other_is != role:
        raise ReembeddingUnfit(order, reason=f"there is no {role} collection", advice=advice)


def _flip(order: str, state: ReembeddingState) -> Stage:
    if state.stage in {"catching_up", "switching"}:
        return state.stage
    if state.stage != "ready":
        raise _busy(order, state)
    return "catching_up"


def _drop(state: ReembeddingState) -> Stage:
    if state.other is None:
        advice = "Nothing needs to be done."
        raise ReembeddingUnfit("drop", reason="there is no other collection", advice=advice)
    if state.stage == "switching" and state.at_work:
        raise _busy("drop", state)
    return "dropping"


def _busy(order: str, state: ReembeddingState) -> ReembeddingUnfit:
    return ReembeddingUnfit(
        order, reason=f"the stage is {state.stage!r}", advice="Wait until that is over."
    )
