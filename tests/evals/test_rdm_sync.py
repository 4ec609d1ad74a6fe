"""The benchmark of syncs runs to its end, counts every call, and tells what is over a limit."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from evals.rdm_sync.__main__ import main
from evals.rdm_sync.bench import FirstSync, FirstSyncs, Round, Sync, Unchanged
from evals.rdm_sync.stand_in import Asked
from inference.local_embedder import has_local_embedding

_NOTHING_TO_DO = Sync(Asked(2, 0, 0), seen=3, read=0, failed=0, wall_s=1, cpu_s=1)
_GOOD = Unchanged(
    first=Sync(Asked(4, 101, 3), seen=3, read=3, failed=0, wall_s=9, cpu_s=9),
    logs_unknown=replace(_NOTHING_TO_DO, asked=Asked(4, 101, 0)),
    logs_known=_NOTHING_TO_DO,
)


def test_an_unchanged_project_costs_a_call_for_each_folder_or_two_in_all() -> None:
    ran = CliRunner().invoke(main, ["--files", "100", "--only", "unchanged", "--json"])
    unchanged = json.loads(ran.stdout)["unchanged"]
    assert unchanged["first"]["asked"]["downloads"] == unchanged["first"]["read"] == 100
    assert unchanged["logs_unknown"]["asked"] == {"api": 4, "listings": 101, "downloads": 0}
    assert unchanged["logs_known"]["asked"] == {"api": 2, "listings": 0, "downloads": 0}


@pytest.mark.skipif(not has_local_embedding(), reason="LOCAL MODEL NOT TESTED: no extra `local`")
def test_first_syncs_of_a_folder_and_of_rdm_are_compared() -> None:
    options = ["--first-files", "2", "--rounds", "1", "--only", "first", "--json"]
    [both] = json.loads(CliRunner().invoke(main, options).stdout)["first"]["rounds"]
    assert min(both["folder"]["wall_s"], both["rdm"]["wall_s"]) > 0


def test_figures_within_their_limits_miss_none() -> None:
    assert _GOOD.misses == []
    assert FirstSyncs((_round(1.2), _round(1.1), _round(1.0))).misses == []


def test_each_limit_that_is_missed_is_told() -> None:
    assert replace(_GOOD, logs_known=_GOOD.logs_unknown).misses == [
        "calls with logs known: 105 > 3"
    ]
    unread = replace(_GOOD, first=replace(_GOOD.first, read=2, failed=1))
    assert unread.misses == ["files not read at first: 2 > 0"]
    slow = replace(_GOOD, logs_unknown=replace(_GOOD.logs_unknown, cpu_s=3.5))
    assert slow.misses == ["CPU seconds with logs unknown: 3.5 > 3"]
    assert FirstSyncs((_round(1.2),)).misses == ["overhead: 20.0% > 15%"]


def _round(longer: float) -> Round:
    """Return a round in which RDM took so many times as long as a folder, by the clock."""
    return Round(FirstSync(wall_s=10, cpu_s=10), FirstSync(wall_s=10 * longer, cpu_s=11))
