"""One laboratory for all faults that leave the project itself alone."""

from collections.abc import AsyncGenerator

import pytest

from tests.service.sync_faults.laboratory import Laboratory, open_laboratory


@pytest.fixture(scope="package")
async def _laboratory(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Laboratory]:
    async with open_laboratory(tmp_path_factory.mktemp("sync-faults")) as opened:
        yield opened


@pytest.fixture
def laboratory(_laboratory: Laboratory) -> Laboratory:
    """What was synced, and the project as it is now, without any fault."""
    _laboratory.rdm.faults.clear()
    return _laboratory
