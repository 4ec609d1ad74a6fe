"""Fixtures that every package's tests may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The evaluation data, which is not part of the project."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("FUMIKURA_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"EVALUATION DATA MISSING: {folder} (set FUMIKURA_SHARED_DATA)")
    return folder
