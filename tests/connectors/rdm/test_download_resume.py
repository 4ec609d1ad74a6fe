from pathlib import Path

import pytest

from connectors.problems import SourceFileUnavailable
from tests.connectors.rdm.scripted import (
    CONTENT,
    SHA256,
    SIZE,
    WHOLE,
    asking,
    content_of,
    cut_after,
    fetch,
    hang_up,
    part,
    reply,
)
from tests.servers.loopback import Handler

OTHER = b"\0" * SIZE
ETAG = {"etag": '"v1"'}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "5f0"


def _cut(at: int, headers: dict[str, str] | None = None) -> Handler:
    return cut_after(CONTENT[:at], of=SIZE, headers=headers)


@pytest.mark.parametrize("at", [1, 2, SIZE // 2, SIZE - 1])
async def test_a_download_goes_on_where_it_was_cut(at: int, target: Path) -> None:
    async with asking(_cut(at), part(CONTENT, at)) as it:
        assert await fetch(it, target) == WHOLE
    assert it.ranges == [None, f"bytes={at}-"]
    assert content_of(target) == CONTENT


async def test_a_download_cut_before_its_first_byte_begins_anew(target: Path) -> None:
    async with asking(_cut(0), reply(200, CONTENT)) as it:
        assert await fetch(it, target) == WHOLE
    assert it.ranges == [None, None]


async def test_a_download_can_be_cut_more_than_once(target: Path) -> None:
    second = cut_after(
        CONTENT[5:9], of=SIZE - 5, status=206, headers={"content-range": f"bytes 5-{SIZE}/{SIZE}"}
    )
    async with asking(_cut(5), second, part(CONTENT, 9)) as it:
        assert await fetch(it, target) == WHOLE
    assert it.ranges == [None, "bytes=5-", "bytes=9-"]


async def test_a_download_that_is_cut_every_time_ends(target: Path) -> None:
    async with asking(_cut(5), hang_up) as it:
        with pytest.raises(SourceFileUnavailable, match="broke off"):
            await fetch(it, target)
    assert it.ranges == [None, "bytes=5-", "bytes=5-"]


async def test_an_answer_shorter_than_the_file_is_gone_on_with(target: Path) -> None:
    async with asking(reply(200, CONTENT[:5]), part(CONTENT, 5)) as it:
        assert await fetch(it, target) == WHOLE


@pytest.mark.parametrize(
    "refusal",
    [reply(200, CONTENT), reply(200, CONTENT, {"content-range": f"bytes 5-{SIZE - 1}/{SIZE}"})],
)
async def test_a_server_that_begins_anew_is_followed(refusal: Handler, target: Path) -> None:
    async with asking(_cut(5), refusal) as it:
        assert await fetch(it, target) == WHOLE
    assert content_of(target) == CONTENT


@pytest.mark.parametrize(
    "wrong",
    [
        part(CONTENT, 4),
        part(CONTENT, 6),
        part(CONTENT, 5, total=str(SIZE + 1)),
        reply(206, CONTENT[5:]),
        reply(206, CONTENT[5:], {"content-range": f"bytes */{SIZE}"}),
        reply(206, CONTENT[5:], {"content-range": f"bytes -5-{SIZE - 1}/{SIZE}"}),
        reply(206, CONTENT[5:], {"content-range": f"bytes {'9' * 5_000}-{SIZE}/{SIZE}"}),
        reply(206, CONTENT[5:], {"content-range": f"chars 5-{SIZE - 1}/{SIZE}"}),
        reply(416, headers={"content-range": f"bytes */{SIZE}"}),
        reply(416),
    ],
    ids=[
        *("earlier", "later", "other size", "no range", "no begin", "negative", "long number"),
        *("other unit", "not satisfiable", "not satisfiable, no range"),
    ],
)
async def test_a_part_that_does_not_fit_means_beginning_anew(wrong: Handler, target: Path) -> None:
    async with asking(_cut(5), wrong, reply(200, CONTENT)) as it:
        assert await fetch(it, target) == WHOLE
    assert it.ranges == [None, "bytes=5-", None]
    assert content_of(target) == CONTENT


async def test_a_part_need_not_say_how_large_the_whole_is(target: Path) -> None:
    async with asking(_cut(5), part(CONTENT, 5, total="*")) as it:
        assert await fetch(it, target) == WHOLE


async def test_parts_of_two_versions_are_noticed_by_the_hash(target: Path) -> None:
    async with asking(_cut(5), part(OTHER, 5), reply(200, CONTENT)) as it:
        assert await fetch(it, target) == WHOLE
    assert it.ranges == [None, "bytes=5-", None]


async def test_a_file_that_is_another_when_read_anew_too_is_not_the_one_listed(
    target: Path,
) -> None:
    async with asking(_cut(5), part(OTHER, 5), reply(200, OTHER)) as it:
        with pytest.raises(SourceFileUnavailable, match="SHA-256"):
            await fetch(it, target)


async def test_without_a_hash_a_mark_of_the_version_is_needed_to_go_on(target: Path) -> None:
    async with asking(_cut(5), reply(200, CONTENT)) as it:
        assert await fetch(it, target, sha256=None) == WHOLE
    assert it.ranges == [None, None]


@pytest.mark.parametrize("headers", [ETAG, {"last-modified": "Tue, 14 Nov 2023 22:13:20 GMT"}])
async def test_without_a_hash_the_same_mark_lets_it_go_on(
    headers: dict[str, str], target: Path
) -> None:
    async with asking(_cut(5, headers), part(CONTENT, 5, headers=headers)) as it:
        assert await fetch(it, target, sha256=None) == WHOLE
    assert it.ranges == [None, "bytes=5-"]


@pytest.mark.parametrize("headers", [{"etag": '"v2"'}, {}])
async def test_another_mark_means_beginning_anew(headers: dict[str, str], target: Path) -> None:
    answers = [_cut(5, ETAG), part(OTHER, 5, headers=headers), reply(200, CONTENT)]
    async with asking(*answers) as it:
        assert await fetch(it, target, sha256=None) == WHOLE


async def test_a_version_that_was_asked_for_is_mark_enough(target: Path) -> None:
    async with asking(_cut(5), part(CONTENT, 5)) as it:
        assert await fetch(it, target, sha256=None, version="3") == WHOLE
    assert [path.rpartition("?")[2] for path in it.paths] == ["version=3", "version=3"]


async def test_a_file_of_unknown_size_is_resumed_too(target: Path) -> None:
    async with asking(_cut(5), part(CONTENT, 5)) as it:
        assert await fetch(it, target, size=None, sha256=SHA256) == WHOLE
