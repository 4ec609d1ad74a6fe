"""Nodes that two sources meet: each is kept by one of them at a time, and by one in the end."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.sources.order import SourceOrder
from tests.service.rdm_shop import RdmShop, open_rdm_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[RdmShop]:
    """`abc12` with the component `comp1`, and `deep1` below that; Satō may read the component."""
    async with open_rdm_shop(tmp_path) as opened:
        opened.world.add_node("comp1", parent="abc12")
        opened.world.add_node("deep1", parent="comp1")
        for node in ("comp1", "deep1"):
            opened.world.grant("u1aok", node, "read")
            opened.world.put(node, "/c.txt", f"a file of {node}".encode())
        opened.world.add_user("u2sat", token="satos-token")
        opened.world.grant("u2sat", "comp1", "read")
        await opened.add()
        await opened.sync()
        yield opened


async def test_a_node_below_a_new_source_that_does_not_see_it_is_not_kept_for_ever(
    shop: RdmShop,
) -> None:
    await shop.add(SourceOrder(location="rdm:comp1", token=SecretStr("satos-token")))
    await shop.sync("rdm-comp1")
    await shop.sync()
    assert sorted(await shop.indexed()) == ["rdm-abc12", "rdm-comp1"]


async def test_a_node_that_another_source_is_syncing_is_left_to_that_one(shop: RdmShop) -> None:
    await shop.add(SourceOrder(location="rdm:comp1"))
    await shop.jobs.start("rdm-abc12", created_by="test")
    await shop.jobs.records.claim("worker")
    await shop.sync("rdm-comp1")
    deep = await shop.projects.find("rdm-deep1")
    assert deep is not None
    assert deep.source_id == "rdm-abc12"
