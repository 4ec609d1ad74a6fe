"""The plan that makes one collection hold what another one holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rag.ports import FileRecord
from rag.reembedding import (
    Fingerprints,
    ProjectCount,
    ReembeddingPlan,
    Verification,
    is_certain,
    marked,
    mirrored,
    plan_reembedding,
)
from rag.sync import INTERRUPTED

MODELS = Fingerprints(source="parser 1, embedder old", target="parser 1, embedder new")
AT = datetime(2026, 1, 1, tzinfo=UTC)
WHOLE = FileRecord(
    file_id="f",
    path="a.txt",
    version="1",
    fingerprint=MODELS.source,
    status="indexed",
    passages=3,
    indexed_at=AT,
)
CUT_OFF = replace(WHOLE, status="failed", fingerprint="", failure_code=INTERRUPTED)
MIRRORED = mirrored(WHOLE, MODELS)

_RECORDS = st.builds(
    replace,
    st.sampled_from([WHOLE, CUT_OFF, MIRRORED, marked(WHOLE), replace(WHOLE, fingerprint="old")]),
    version=st.sampled_from(["1", "2"]),
    indexed_at=st.sampled_from([AT, AT + timedelta(seconds=1)]),
)
_SIDES = st.dictionaries(st.sampled_from("abcdef"), _RECORDS)


def _nothing() -> ReembeddingPlan:
    return ReembeddingPlan(copy=frozenset(), drop=frozenset())


def test_a_file_that_the_next_model_has_not_seen_is_embedded() -> None:
    assert plan_reembedding({"f": WHOLE}, {}, MODELS).copy == {"f"}


def test_a_file_that_is_there_already_is_left_alone() -> None:
    assert plan_reembedding({"f": WHOLE}, {"f": MIRRORED}, MODELS) == _nothing()


def test_a_file_that_a_sync_has_written_since_is_embedded_again() -> None:
    written = replace(WHOLE, indexed_at=AT + timedelta(microseconds=1))
    assert plan_reembedding({"f": written}, {"f": MIRRORED}, MODELS).copy == {"f"}


def test_a_file_that_is_gone_is_dropped() -> None:
    assert plan_reembedding({}, {"f": MIRRORED}, MODELS).drop == {"f"}


def test_what_a_kill_left_half_done_is_embedded_again() -> None:
    for record in (WHOLE, CUT_OFF):
        assert plan_reembedding({"f": record}, {"f": marked(record)}, MODELS).copy == {"f"}


def test_a_file_that_was_made_as_today_counts_as_such_for_the_next_model() -> None:
    assert replace(WHOLE, fingerprint=MODELS.target) == MIRRORED


def test_a_file_that_an_older_version_made_is_read_again_by_the_next_sync() -> None:
    old = replace(WHOLE, fingerprint="parser 0, embedder old")
    assert mirrored(old, MODELS).fingerprint not in {MODELS.source, MODELS.target}


def test_of_a_file_that_was_cut_off_the_number_of_passages_is_not_known() -> None:
    assert [is_certain(each) for each in (WHOLE, CUT_OFF, marked(WHOLE))] == [True, False, False]


@given(source=_SIDES, target=_SIDES)
def test_once_carried_out_the_next_plan_is_empty(
    source: dict[str, FileRecord], target: dict[str, FileRecord]
) -> None:
    plan = plan_reembedding(source, target, MODELS)
    after = {key: record for key, record in target.items() if key not in plan.drop}
    after |= {key: mirrored(source[key], MODELS) for key in plan.copy}
    assert plan_reembedding(source, after, MODELS) == _nothing()
    assert after.keys() == source.keys()


@given(source=_SIDES, target=_SIDES)
def test_what_is_as_it_should_be_is_not_touched(
    source: dict[str, FileRecord], target: dict[str, FileRecord]
) -> None:
    plan = plan_reembedding(source, target, MODELS)
    right = {key for key in source if target.get(key) == mirrored(source[key], MODELS)}
    assert right.isdisjoint(plan.copy | plan.drop)
    assert plan.copy | right == source.keys()


def _verified(*, asked: int, found: int, counted: ProjectCount | None = None) -> Verification:
    differing = [] if counted is None or counted.agrees else [counted]
    return Verification(
        at=AT, projects=1, passages=3, differing=differing, asked=asked, found=found
    )


def test_a_collection_answers_only_if_its_numbers_agree_and_it_finds_what_it_holds() -> None:
    agreeing = ProjectCount(project_id="p", recorded=3, source=3, target=3)
    lacking = ProjectCount(project_id="p", recorded=3, source=3, target=2)
    assert _verified(asked=10, found=9, counted=agreeing).is_passed
    assert not _verified(asked=10, found=8, counted=agreeing).is_passed
    assert not _verified(asked=10, found=10, counted=lacking).is_passed
    assert _verified(asked=0, found=0).is_passed
