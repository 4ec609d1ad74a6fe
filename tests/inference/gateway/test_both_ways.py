"""Both ways through the gateway answer alike, whatever they are sent."""

from tests.inference.gateway.both_ways import compare


async def test_whole_and_broken_requests_are_answered_alike() -> None:
    assert await compare(800, seed=20261125) == []
