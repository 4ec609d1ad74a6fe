"""Run histories of the machine, the same ones for the same seed."""

from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.acl.house import Wiring
from tests.acl.machine import AccessMachine
from tests.acl.stage import open_stage

STEPS: Final = 30
_BEGIN: Final = 1
"""The step in which nothing happens but a choice."""


def run_histories(
    count: int,
    *,
    number: int,
    folder: Path,
    wiring: Wiring | None = None,
    is_thorough: bool = False,
) -> None:
    """Run so many histories of 30 steps with the seed `number`.

    Raises:
        Differs: somebody saw something else than the model says; the history is printed.
    """
    chosen = settings(
        max_examples=count,
        stateful_step_count=STEPS + _BEGIN,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    with open_stage(folder, wiring or Wiring()) as stage:

        @seed(number)
        class Machine(AccessMachine):
            def __init__(self) -> None:
                super().__init__(stage, is_thorough=is_thorough)

        run_state_machine_as_test(Machine, settings=chosen)
