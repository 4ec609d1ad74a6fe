"""Listings that say what is not so; and how much of it is believed."""

from typing import Final

import pytest

from tests.servers.rdm_faults import Replace
from tests.service.sync_faults.cases import Case, Lie, fault, judge
from tests.service.sync_faults.laboratory import Laboratory
from tests.service.sync_faults.project import FOLDER, handle
from tests.service.sync_faults.verdict import Ending

NAME: Final = "硬さ.txt"
PATH: Final = f"osfstorage/結果/{NAME}"
TOLD: Final = f"rdm-abc12/{PATH}"
STALE: Final = Ending(stale={PATH: "file_unavailable"})

WRONG: Final[dict[str, tuple[dict[str, object], Ending, str]]] = {
    "a smaller size": ({"size": 5, "sizeInt": 5}, STALE, "more than the 5 bytes"),
    "a larger size": ({"size": 9_999, "sizeInt": 9_999}, STALE, "where it was cut"),
    "another hash": (
        {"extra": {"version": 2, "hashes": {"sha256": "0" * 64}}},
        STALE,
        "SHA-256",
    ),
    "a version that there is not": (
        {"extra": {"version": 99, "hashes": {"sha256": "0" * 64}}},
        Ending(failed={PATH: "file_changed"}),
        "changed",
    ),
    "a path out of the storage": (
        {"path": "/../../googledrive/outline.txt"},
        Ending(failed={PATH: "file_unreadable"}),
        "",
    ),
    "a path that is none": ({"path": "x"}, Ending(failed={PATH: "file_unreadable"}), ""),
    "a size over the limit": (
        {"size": 2**40, "sizeInt": 2**40},
        Ending(failed={PATH: "file_too_large"}),
        "1,099,511,627,776 bytes",
    ),
}
HOSTILE_NAMES: Final = {
    "": "\ufffd",
    "/": "\ufffd",
    "/etc/passwd": "\ufffdetc\ufffdpasswd",
    "a/../../b.txt": "a\ufffd..\ufffd..\ufffdb.txt",
    "a\0b.txt": "a\ufffdb.txt",
    "a\nb.txt": "a\ufffdb.txt",
    "\u202etxt.exe": "\u202etxt.exe",
    "x" * 5_000: "x" * 5_000,
}
HIDDEN_NAMES: Final = ("..", ".", "../../../etc/passwd")
"""They begin with a dot, and such files are not indexed."""

SENSELESS: Final = {
    "an entry without a name": b'{"data": [{"attributes": {"kind": "file", "path": "/x"}}]}',
    "an entry of another kind": b'{"data": [{"attributes": {"kind": "socket", "name": "x"}}]}',
    "an entry that is none": b'{"data": [null]}',
    "a part that leads to itself": b'{"data": [], "next_token": "again"}',
}


@pytest.mark.parametrize("lie", WRONG)
async def test_a_file_that_is_not_as_it_was_listed_is_not_taken_for_it(
    laboratory: Laboratory, lie: str
) -> None:
    attributes, ending, says = WRONG[lie]
    case = Case(
        name=lie,
        faults=[fault("files", FOLDER, Lie(NAME, attributes))],
        ending=ending,
        says=says,
        lost=frozenset({TOLD}) if ending.failed else frozenset(),
        is_believed=lie == "a size over the limit",
    )
    await judge(laboratory, case)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
async def test_a_name_that_leads_elsewhere_stays_in_its_folder(
    laboratory: Laboratory, name: str
) -> None:
    shown = f"rdm-abc12/osfstorage/結果/{HOSTILE_NAMES[name]}"
    case = Case(
        name="hostile",
        faults=[fault("files", FOLDER, Lie(NAME, {"name": name}))],
        lost=frozenset({TOLD}),
        invented=frozenset({shown}),
        is_believed=True,
    )
    await judge(laboratory, case)


@pytest.mark.parametrize("name", HIDDEN_NAMES)
async def test_a_name_that_leads_up_is_that_of_a_hidden_file(
    laboratory: Laboratory, name: str
) -> None:
    lie, gone = fault("files", FOLDER, Lie(NAME, {"name": name})), frozenset({TOLD})
    await judge(laboratory, Case(name=name, faults=[lie], lost=gone, is_believed=True))


async def test_of_two_files_with_one_name_one_counts(laboratory: Laboratory) -> None:
    lie = fault("files", FOLDER, Lie("組織.txt", {"name": NAME}))
    other = frozenset({"rdm-abc12/osfstorage/結果/組織.txt"})
    await judge(laboratory, Case(name="twins", faults=[lie], lost=other, is_believed=True))


async def test_a_folder_that_contains_itself_is_not_entered(laboratory: Laboratory) -> None:
    lie = fault("files", FOLDER, Lie("旧", {"path": handle("/結果/")}))
    ending = Ending(stale={"osfstorage/結果/旧/": "rdm_unavailable"})
    await judge(laboratory, Case(name="loop", faults=[lie], ending=ending, says="two places"))


@pytest.mark.parametrize("lie", SENSELESS)
async def test_a_listing_that_makes_no_sense_is_not_taken_for_the_folder(
    laboratory: Laboratory, lie: str
) -> None:
    senseless = fault("files", handle("/結果/"), Replace(SENSELESS[lie]))
    ending = Ending(stale={"osfstorage/結果/": "rdm_unavailable"})
    await judge(laboratory, Case(name=lie, faults=[senseless], ending=ending))
