"""A project at the stand-in for GakuNin RDM."""

import pytest

from tests.connectors.rdm.asking import aokis_world
from tests.servers.rdm_world import RdmWorld


@pytest.fixture
def world() -> RdmWorld:
    """One private project, `abc12`, whose administrator is Aoki; nothing is in it."""
    return aokis_world()
