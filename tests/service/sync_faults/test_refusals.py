"""What RDM itself says, in its own form: this and nothing else takes anything away."""

from typing import Final

import pytest

from tests.servers.rdm_faults import Fault, Refuse
from tests.service.sync_faults.cases import LEAVES_OUT_THE_TOP, Case, fault, judge
from tests.service.sync_faults.laboratory import Laboratory
from tests.service.sync_faults.project import (
    CHANGED_FILE,
    FOLDER,
    KEPT,
    LOGS,
    LOGS_OF_COMPONENT,
    NODE,
    PROVIDERS,
    ROOT_FOLDER,
    TREE,
    WIKI_TEXT,
    WIKIS,
)
from tests.service.sync_faults.verdict import Ending

REFUSED: Final = Ending("rdm_token_refused")
NODE_AS_REGISTRATION: Final = r"/v2/registrations/abc12/"
CHANGED: Final = "osfstorage/結果/硬さ.txt"
PAGE: Final = "wiki/home.md"

TOKEN_REFUSED: Final = [
    Case(name=f"401 for {name}", faults=[fault("api", path, Refuse(401))], ending=REFUSED)
    for name, path in (
        ("the tree", TREE),
        ("a log", LOGS),
        ("the providers", PROVIDERS),
        ("the wiki", WIKIS),
        ("the text of a page", WIKI_TEXT),
    )
]

PARTLY_REFUSED: Final = [
    Case(
        name=name,
        faults=[fault("files" if path in {FOLDER, ROOT_FOLDER} else "api", path, Refuse(status))],
        ending=Ending(stale={part: code}),
    )
    for name, path, status, part, code in (
        ("403 for a log", LOGS, 403, "/", "rdm_forbidden"),
        ("404 for a log", LOGS, 404, "/", "rdm_gone"),
        ("410 for a component's log", LOGS_OF_COMPONENT, 410, "rdm-cmp01/", "rdm_gone"),
        ("403 for the providers", PROVIDERS, 403, "/", "rdm_forbidden"),
        ("410 for the providers", PROVIDERS, 410, "/", "rdm_gone"),
        ("403 for the wiki", WIKIS, 403, "wiki/", "rdm_forbidden"),
        ("404 for the wiki", WIKIS, 404, "wiki/", "rdm_gone"),
        ("401 for a provider", ROOT_FOLDER, 401, "googledrive/", "rdm_forbidden"),
        ("404 for a folder", FOLDER, 404, "osfstorage/結果/", "rdm_gone"),
        ("403 for a folder", FOLDER, 403, "osfstorage/結果/", "rdm_forbidden"),
        ("400 for a folder", FOLDER, 400, "osfstorage/結果/", "rdm_request_refused"),
    )
]

TREE_REFUSED: Final = [
    Case(
        name=f"{status} for the tree",
        faults=[fault("api", TREE, Refuse(status))],
        ending=Ending(code),
    )
    for status, code in (
        (400, "rdm_request_refused"),
        (403, "rdm_unavailable"),
        (404, "rdm_unavailable"),
        (410, "rdm_unavailable"),
    )
]

FILES_TAKEN_AWAY: Final = [
    Case(
        name=f"{status} for {path}",
        faults=[Fault(Refuse(status), path=asked, times=None)],
        ending=Ending(failed={path: code}),
        lost=frozenset({f"rdm-abc12/{path}"}),
    )
    for asked, status, path, code in (
        (CHANGED_FILE, 403, CHANGED, "file_unreadable"),
        (CHANGED_FILE, 404, CHANGED, "file_changed"),
        (CHANGED_FILE, 410, CHANGED, "file_changed"),
        (WIKI_TEXT, 403, PAGE, "file_unreadable"),
        (WIKI_TEXT, 404, PAGE, "file_changed"),
    )
]

TREE_TAKEN_AWAY: Final = [
    Case(
        name=f"{status} for the project itself",
        faults=[
            LEAVES_OUT_THE_TOP,
            fault("api", NODE, Refuse(status)),
            fault("api", NODE_AS_REGISTRATION, Refuse(status)),
        ],
        ending=Ending(code),
        lost=KEPT,
    )
    for status, code in ((403, "rdm_forbidden"), (404, "rdm_gone"), (410, "rdm_gone"))
]


@pytest.mark.parametrize("case", TOKEN_REFUSED, ids=str)
async def test_a_refused_token_ends_the_sync_and_takes_nothing_away(
    laboratory: Laboratory, case: Case
) -> None:
    await judge(laboratory, case)


@pytest.mark.parametrize("case", PARTLY_REFUSED, ids=str)
async def test_what_is_refused_while_it_is_listed_stays_as_it_was(
    laboratory: Laboratory, case: Case
) -> None:
    await judge(laboratory, case)


@pytest.mark.parametrize("case", TREE_REFUSED, ids=str)
async def test_a_tree_that_is_refused_is_no_lost_tree(laboratory: Laboratory, case: Case) -> None:
    await judge(laboratory, case)


@pytest.mark.parametrize("case", [*FILES_TAKEN_AWAY, *TREE_TAKEN_AWAY], ids=str)
async def test_what_rdm_itself_says_is_gone_is_dropped_and_returns_with_it(
    laboratory: Laboratory, case: Case
) -> None:
    await judge(laboratory, case)
