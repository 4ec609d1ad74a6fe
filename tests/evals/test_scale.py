"""The arithmetic of growth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.scale.model import Machines, Rates, contention, machines, speedup

RATES = Rates(worker=400, writer=800, pod=1000, shard=500)


def test_workers_that_share_everything_have_no_contention() -> None:
    assert contention(100, 200) == 0
    assert contention(100, 210) == 0
    assert speedup(8, contention=0) == 8


def test_two_workers_that_do_no_more_than_one_share_nothing() -> None:
    assert contention(100, 100) == 1
    assert speedup(8, contention=1) == 1


@given(one=st.floats(1, 1e4), gain=st.floats(1, 2))
def test_the_model_passes_through_what_was_measured(one: float, gain: float) -> None:
    lost = contention(one, one * gain)
    assert speedup(2, contention=lost) == pytest.approx(gain)


def test_coherence_makes_more_workers_do_less() -> None:
    done = [speedup(workers, contention=0.02, coherence=0.01) for workers in (1, 8, 64)]
    assert done[0] == 1
    assert done[2] < done[1]


def test_a_billion_passages_in_a_week() -> None:
    needed = machines(1e9, days=7, rates=RATES, contention=0)
    assert needed == Machines(
        passages_per_s=1e9 / (7 * 86_400), workers=6, writers=3, pods=2, shards=4
    )


@given(lost=st.floats(0, 0.9), passages=st.floats(1e5, 1e10))
def test_the_workers_do_what_is_needed(lost: float, passages: float) -> None:
    needed = machines(passages, days=7, rates=RATES, contention=lost)
    of_each = speedup(needed.workers // needed.writers, contention=lost) * RATES.worker
    assert of_each * needed.writers >= needed.passages_per_s * (1 - 1e-9)
    assert RATES.writer * needed.writers >= needed.passages_per_s * (1 - 1e-9)
