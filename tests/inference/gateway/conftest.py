"""Whatever is asked of a gateway is asked over both of its ways."""

from collections.abc import Generator

import pytest

from tests.inference.gateway.house import CHOSEN, Way


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of modules that open a gateway over both ways."""
    module = metafunc.definition.getparent(pytest.Module)
    if module is not None and hasattr(module.obj, "gateway"):
        metafunc.fixturenames.insert(0, "way")
        metafunc.parametrize("way", ["asgi", "wire"], indirect=True)


@pytest.fixture
def way(request: pytest.FixtureRequest) -> Generator[Way]:
    CHOSEN.way = request.param
    yield CHOSEN.way
    CHOSEN.way = "asgi"
