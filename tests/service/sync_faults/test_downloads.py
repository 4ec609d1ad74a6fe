"""Files that do not arrive, or not as they were listed."""

from typing import Final

import pytest

from tests.servers.rdm_faults import (
    PROXY_PAGE,
    Change,
    CutOff,
    Drip,
    Effect,
    Endless,
    Fault,
    GzipBomb,
    IgnoreRange,
    NoLength,
    Redirect,
    Refuse,
    Replace,
    Stall,
    Truncate,
    WrongLength,
    WrongRange,
)
from tests.service.sync_faults.cases import Case, fault, judge
from tests.service.sync_faults.laboratory import Laboratory
from tests.service.sync_faults.project import CHANGED_FILE, NEW_FILE, STORED_FILE
from tests.service.sync_faults.verdict import Ending

UNAVAILABLE: Final = "file_unavailable"
CHANGED: Final = "osfstorage/結果/硬さ.txt"
NEW: Final = "osfstorage/結果/新しい.txt"
STORED: Final = "s3/raw/A-11.txt"
OF_STORAGE: Final = r"/bucket/"

NOT_AS_LISTED: Final[dict[str, tuple[Effect, str]]] = {
    "500": (Refuse(500), "HTTP 500"),
    "429 for an hour": (Refuse(429, retry_after="3600"), "HTTP 429"),
    "401, of a storage that has lost its own permission": (Refuse(401), "HTTP 401"),
    "403 of a proxy": (Refuse(403, body=PROXY_PAGE), "HTTP 403"),
    "404 of a proxy": (Refuse(404, body=PROXY_PAGE), "HTTP 404"),
    "a login page instead": (Replace(PROXY_PAGE, "text/html"), "it ended after"),
    "a longer file instead": (Replace(b"x" * 2**18), "more than the"),
    "an empty file instead": (Replace(b""), "it ended after"),
    "cut before the head": (CutOff(), "broke off"),
    "cut in the body, at the same place each time": (CutOff(0), "broke off"),
    "silence": (Stall(), "silent"),
    "silence in the body": (Stall(5), "silent"),
    "drip": (Drip(1, 0.2), "longer than"),
    "fewer bytes than promised": (WrongLength(+9), "more than the"),
    "more bytes than promised": (WrongLength(-9), "it ended after"),
    "its beginning, well framed": (Truncate(9), "it ended after"),
    "other bytes": (Change(), "SHA-256"),
    "without an end": (Endless(), "more than the"),
    "small and unpacks without an end": (GzipBomb(2**21), ""),
    "sent on to a host that is not allowed": (Redirect("https://evil.example/x"), "evil.example"),
    "sent on to this machine's files": (Redirect("file:///etc/passwd"), "sent on"),
    "sent on without TLS": (Redirect("http://evil.example/x"), "evil.example"),
    "sent on with credentials": (Redirect("https://a:b@127.0.0.1/x"), "credentials"),
    "sent on in a circle": (Redirect(""), "more than 5 times"),
    "sent on to nowhere": (Redirect("http://[::1"), "no address"),
}

DAMAGED: Final = [
    Case(
        name=f"file: {effect}",
        faults=[fault("files", CHANGED_FILE, what)],
        ending=Ending(stale={CHANGED: UNAVAILABLE}),
        says=says,
        takes_long=isinstance(what, Stall | Drip),
    )
    for effect, (what, says) in NOT_AS_LISTED.items()
]

AT_STORAGE: Final = [
    Case(
        name=f"stored file: {effect}",
        faults=[fault("storage", OF_STORAGE, what)],
        ending=Ending(stale={STORED: UNAVAILABLE}),
        says=says,
    )
    for effect, what, says in (
        ("503", Refuse(503), "HTTP 503"),
        ("404", Refuse(404), "HTTP 404"),
        ("its address has expired each time", Refuse(403), "HTTP 403"),
        ("cut before the head", CutOff(), "broke off"),
        ("its beginning, well framed", Truncate(9), "it ended after"),
        ("sent on in a circle", Redirect(""), "more than 5 times"),
    )
]

RESUMED: Final[dict[str, list[Fault]]] = {
    "cut, then the rest": [fault("files", CHANGED_FILE, CutOff(50), times=1)],
    "cut, then all of it": [
        fault("files", CHANGED_FILE, CutOff(50), times=1),
        fault("files", CHANGED_FILE, IgnoreRange(), times=1),
    ],
    "silence, then the rest": [fault("files", CHANGED_FILE, Stall(50), times=1)],
    "without a length": [fault("files", CHANGED_FILE, NoLength())],
    "sent on to an address that has expired, once": [
        fault("storage", OF_STORAGE, Refuse(403), times=1)
    ],
    "cut at the storage, then the rest": [fault("storage", OF_STORAGE, CutOff(5), times=1)],
}


@pytest.mark.parametrize("case", DAMAGED, ids=str)
async def test_a_file_that_does_not_arrive_as_it_was_listed_stays_as_it_was(
    laboratory: Laboratory, case: Case
) -> None:
    await judge(laboratory, case)


@pytest.mark.parametrize("case", AT_STORAGE, ids=str)
async def test_a_file_that_its_storage_does_not_give_stays_as_it_was(
    laboratory: Laboratory, case: Case
) -> None:
    await judge(laboratory, case)


@pytest.mark.parametrize("name", RESUMED)
async def test_a_file_that_arrives_in_parts_is_whole(laboratory: Laboratory, name: str) -> None:
    case = Case(name=name, faults=RESUMED[name], takes_long=name == "silence, then the rest")
    await judge(laboratory, case)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("bytes 10-20/30", "another part"),
        ("bytes 50-99/7", "another part"),
        ("bytes */*", "another part"),
    ],
)
async def test_a_part_that_is_another_than_the_one_asked_for_is_not_joined(
    laboratory: Laboratory, part: str, says: str
) -> None:
    faults = [
        fault("files", CHANGED_FILE, CutOff(50), times=1),
        fault("files", CHANGED_FILE, WrongRange(part)),
    ]
    ending = Ending(stale={CHANGED: UNAVAILABLE})
    await judge(laboratory, Case(name="another part", faults=faults, ending=ending, says=says))


@pytest.mark.parametrize("effect", [Refuse(503), CutOff(9), Truncate(9)], ids=str)
async def test_a_new_file_that_does_not_arrive_is_reported_as_failed(
    laboratory: Laboratory, effect: Effect
) -> None:
    faults, ending = [fault("files", NEW_FILE, effect)], Ending(failed={NEW: UNAVAILABLE})
    await judge(laboratory, Case(name="new file", faults=faults, ending=ending))


async def test_a_storage_of_which_nothing_arrives_keeps_all_of_it(laboratory: Laboratory) -> None:
    faults = [
        fault("files", CHANGED_FILE, Refuse(502)),
        fault("files", NEW_FILE, Refuse(502)),
        fault("files", STORED_FILE, Refuse(502)),
    ]
    ending = Ending(stale={CHANGED: UNAVAILABLE, STORED: UNAVAILABLE}, failed={NEW: UNAVAILABLE})
    await judge(laboratory, Case(name="nothing arrives", faults=faults, ending=ending))
