"""Fixtures that every package's tests may use."""

import os
import signal
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def hear_ctrl_c() -> None:
    """Let the programs that tests start hear Ctrl-C, also where the tests run in the background.

    A shell lets what it starts there ignore it, and whoever that starts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The evaluation data, which is not part of the project."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("FUMIKURA_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"EVALUATION DATA MISSING: {folder} (set FUMIKURA_SHARED_DATA)")
    return folder
