"""Nobody finds more than RDM shows them, nor less; and a filter that is broken is caught."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acl.eyes import Differs
from tests.acl.histories import run_histories
from tests.acl.mutants import MUTANTS

HISTORIES = 200
THOROUGH = 2
"""Of them; `make soak-acl` has 100."""
ENOUGH = 40
"""Histories within which every mutant must be caught."""
CATCHES_SOON = 3
"""A seed with which few of them are needed: the tests are short."""


def test_everybody_finds_exactly_what_rdm_shows_them_in_200_histories_of_30_steps() -> None:
    command = ["-m", "tests.acl", "--histories", str(HISTORIES), "--seed", "1"]
    # Measuring coverage there as well would take twice as long, and cover no more.
    plain = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    run = subprocess.run([sys.executable, *command], env=plain, check=False)
    assert run.returncode == 0


def test_everybody_looks_in_every_way_after_every_step_of_some_histories(tmp_path: Path) -> None:
    run_histories(THOROUGH, number=1, folder=tmp_path, is_thorough=True)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_broken_access_is_caught(mutant: str, tmp_path: Path) -> None:
    with pytest.raises(Differs):
        run_histories(ENOUGH, number=CATCHES_SOON, folder=tmp_path, wiring=MUTANTS[mutant])
