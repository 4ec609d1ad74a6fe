"""Which model answers at a start, and what an order about the move leads to."""

from datetime import UTC, datetime

import pytest

from service.generations.choosing import Order, choose_active, next_stage
from service.generations.problems import (
    ActiveModelMissing,
    NextModelMissing,
    ReembeddingUnfit,
)
from service.generations.state import Collection, ReembeddingState, Role, Stage

OLD = Collection("docs__old__1", "old")
NEW = Collection("docs__new__1", "new")
THIRD = Collection("docs__third__1", "third")


def _state(
    stage: Stage = "ready", other_is: Role | None = "next", *, at_work: bool = False
) -> ReembeddingState:
    active, other = (NEW, OLD) if other_is == "former" else (OLD, NEW)
    return ReembeddingState(
        active=active,
        other=None if other_is is None else other,
        other_is=other_is,
        stage=stage,
        at_work=at_work,
    )


NEVER_MOVED = ReembeddingState(active=OLD)
MOVED = ReembeddingState(active=NEW, switched_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_on_a_new_installation_the_configured_model_answers() -> None:
    assert choose_active(None, [OLD, NEW]) == OLD


@pytest.mark.parametrize("configured", [[OLD, NEW], [NEW, OLD], [NEW]])
def test_after_a_switch_the_new_model_answers_wherever_the_settings_name_it(
    configured: list[Collection],
) -> None:
    assert choose_active(MOVED, configured) == NEW


@pytest.mark.parametrize("state", [MOVED, _state(), _state("building")])
def test_where_nobody_names_the_model_that_answered_the_service_does_not_start(
    state: ReembeddingState,
) -> None:
    with pytest.raises(ActiveModelMissing, match=repr(state.active.model)):
        choose_active(state, [THIRD])


def test_a_plain_change_of_the_setting_takes_a_new_collection() -> None:
    assert choose_active(NEVER_MOVED, [THIRD, NEW]) == THIRD


def test_after_an_update_the_same_model_answers_from_the_new_form_of_its_collection() -> None:
    updated = Collection("docs__new__2", "new")
    assert choose_active(MOVED, [OLD, updated]) == updated


@pytest.mark.parametrize(
    ("order", "state", "stage"),
    [
        ("start", _state("building"), "building"),
        ("start", _state("ready"), "building"),
        ("switch", _state("ready"), "catching_up"),
        ("switch", _state("catching_up"), "catching_up"),
        ("switch", _state("switching"), "switching"),
        ("rollback", _state("ready", "former"), "catching_up"),
        ("drop", _state("building"), "dropping"),
        ("drop", _state("ready", "former"), "dropping"),
    ],
)
def test_an_order_that_fits_leads_on(order: Order, state: ReembeddingState, stage: Stage) -> None:
    assert next_stage(order, state, [OLD, NEW]) == (stage, None)


def test_a_start_fills_the_collection_of_the_other_model() -> None:
    assert next_stage("start", NEVER_MOVED, [OLD, NEW]) == ("checking", NEW)
    assert next_stage("start", MOVED, [OLD, NEW]) == ("checking", OLD)


@pytest.mark.parametrize(
    ("order", "state"),
    [
        ("start", _state("ready", "former")),
        ("start", _state("switching")),
        ("switch", _state("building")),
        ("switch", _state("ready", "former")),
        ("rollback", _state("ready")),
        ("rollback", NEVER_MOVED),
        ("drop", NEVER_MOVED),
        ("drop", _state("switching", at_work=True)),
    ],
)
def test_an_order_that_does_not_fit_is_refused(order: Order, state: ReembeddingState) -> None:
    with pytest.raises(ReembeddingUnfit):
        next_stage(order, state, [OLD, NEW])


def test_without_another_model_there_is_nothing_to_move_to() -> None:
    with pytest.raises(NextModelMissing):
        next_stage("start", NEVER_MOVED, [OLD])


@pytest.mark.parametrize("order", ["start", "switch", "rollback"])
def test_what_needs_a_model_that_is_not_configured_names_it(order: Order) -> None:
    with pytest.raises(NextModelMissing, match="'new'"):
        next_stage(order, _state(), [OLD])


def test_a_collection_can_be_dropped_without_its_model() -> None:
    assert next_stage("drop", _state(), [OLD]) == ("dropping", None)
