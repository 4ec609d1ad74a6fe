"""A log is remembered as known only if all that had happened by then is in the index."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.loopback import Exchange
from tests.servers.rdm_faults import Answer, Fault, Nothing
from tests.servers.rdm_replies import Request
from tests.service.rdm_shop import RdmShop, open_rdm_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[RdmShop]:
    async with open_rdm_shop(tmp_path) as opened:
        opened.world.put("abc12", "/b.txt", b"second file")
        await opened.add()
        yield opened


@dataclass(frozen=True, slots=True)
class _Meanwhile:
    """Something happens in RDM just before it answers."""

    happens: Callable[[], object]

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        self.happens()
        await Nothing().meet(request, answer, exchange)


async def test_what_is_said_of_a_project_after_its_tree_was_read_is_indexed(shop: RdmShop) -> None:
    happens = _Meanwhile(lambda: shop.world.edit("abc12", description="AZ91の溶体化処理"))
    shop.rdm.faults.add(Fault(happens, host="api", path="/logs/", times=1))
    await shop.sync()
    assert "about/project.md" in (await shop.indexed())["rdm-abc12"]


async def test_a_file_put_after_the_log_was_read_is_found_by_the_next_sync(shop: RdmShop) -> None:
    happens = _Meanwhile(lambda: shop.world.put("abc12", "/late.txt", b"a third file"))
    shop.rdm.faults.add(Fault(happens, host="files", times=1, skip=1))
    await shop.sync()
    await shop.sync()
    assert "osfstorage/late.txt" in (await shop.indexed())["rdm-abc12"]
