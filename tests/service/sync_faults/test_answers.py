"""Answers of the API, the web server and the file server that cannot be used."""

from dataclasses import dataclass
from typing import Final

import pytest

from tests.servers.rdm_faults import (
    PROXY_PAGE,
    CutOff,
    Drip,
    Effect,
    Endless,
    GzipBomb,
    Redirect,
    Refuse,
    Replace,
    Stall,
    Truncate,
    WrongLength,
)
from tests.servers.rdm_replies import HostRole
from tests.service.sync_faults.cases import LEAVES_OUT_THE_TOP, Case, FirstPage, fault, judge
from tests.service.sync_faults.laboratory import Laboratory
from tests.service.sync_faults.project import (
    CHILDREN,
    FOLDER,
    LOGS,
    LOGS_OF_COMPONENT,
    METADATA,
    NODE,
    PROVIDERS,
    PROVIDERS_GO_ON,
    ROOT_FOLDER,
    TREE,
    TREE_GOES_ON,
    WIKI_TEXT,
    WIKIS,
)
from tests.service.sync_faults.verdict import Ending

UNAVAILABLE: Final = "rdm_unavailable"
ALL_FAILS: Final = Ending(UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a sync, and how the sync ends where it has no usable answer."""

    host: HostRole
    path: str
    ending: Ending


ASKED: Final = {
    "tree": Asked("api", TREE, ALL_FAILS),
    "tree's second page": Asked("api", TREE_GOES_ON, ALL_FAILS),
    "log": Asked("api", LOGS, Ending(stale={"/": UNAVAILABLE})),
    "component's log": Asked("api", LOGS_OF_COMPONENT, Ending(stale={"rdm-cmp01/": UNAVAILABLE})),
    "providers": Asked("api", PROVIDERS, Ending(stale={"/": UNAVAILABLE})),
    "providers' second page": Asked("api", PROVIDERS_GO_ON, Ending(stale={"/": UNAVAILABLE})),
    "provider's root": Asked("files", ROOT_FOLDER, Ending(stale={"googledrive/": UNAVAILABLE})),
    "folder": Asked("files", FOLDER, Ending(stale={"osfstorage/結果/": UNAVAILABLE})),
    "wiki": Asked("api", WIKIS, Ending(stale={"wiki/": UNAVAILABLE})),
    "metadata": Asked("web", METADATA, Ending(stale={"about/": UNAVAILABLE})),
}

UNUSABLE: Final[dict[str, tuple[Effect, str]]] = {
    "500": (Refuse(500), "HTTP 500"),
    "503 as a page": (Refuse(503, body=PROXY_PAGE), "HTTP 503"),
    "429 for an hour": (Refuse(429, retry_after="3600"), "HTTP 429"),
    "401 of a proxy": (Refuse(401, body=PROXY_PAGE), "HTTP 401"),
    "403 of a proxy": (Refuse(403, body=PROXY_PAGE), "HTTP 403"),
    "404 of a proxy": (Refuse(404, body=PROXY_PAGE), "HTTP 404"),
    "410 of a proxy": (Refuse(410, body=PROXY_PAGE), "HTTP 410"),
    "captive portal": (Replace(PROXY_PAGE, "text/html"), "no JSON object"),
    "sent on to a login": (Redirect("https://login.example/"), "HTTP 302"),
    "cut before the head": (CutOff(), "broke off"),
    "cut in the body": (CutOff(20), "broke off"),
    "fewer bytes than promised": (WrongLength(+5), "broke off"),
    "JSON that stops": (Truncate(20), "no JSON object"),
    "JSON of another form": (Replace(b'{"data": [{"id": 7}], "links": {}}'), "another form"),
    "silence": (Stall(), "silent"),
    "silence in the body": (Stall(20), "silent"),
    "drip": (Drip(1, 0.1), "longer than"),
    "without an end": (Endless(), "more than 65,536 bytes"),
    "small and unpacks without an end": (GzipBomb(2**21), "more than 65,536 bytes"),
}

ASKED_MOST: Final = ("tree", "folder")
"""Of these everything is tried; of the others, what may most easily be misunderstood."""
MISLEADING: Final = ("404 of a proxy", "JSON of another form")

UNUSABLE_ANSWERS: Final = [
    Case(
        name=f"{request}: {answer}",
        faults=[fault(asked.host, asked.path, effect)],
        ending=asked.ending,
        says=says,
        takes_long=isinstance(effect, Stall | Drip),
    )
    for request, asked in ASKED.items()
    for answer, (effect, says) in UNUSABLE.items()
    if request in ASKED_MOST or answer in MISLEADING
]

SAID_IN_PARTS: Final = [
    Case(
        name="tree: its second page is the first, over and over",
        faults=[fault("api", TREE_GOES_ON.replace("2", r"[2-9]"), FirstPage())],
        ending=ALL_FAILS,
        says="no end",
    ),
    Case(
        name="tree: leaves out the project itself, which is there",
        faults=[LEAVES_OUT_THE_TOP],
    ),
    Case(
        name="tree: leaves out the project itself, which cannot be asked for",
        faults=[LEAVES_OUT_THE_TOP, fault("api", NODE, Refuse(502))],
        ending=ALL_FAILS,
        says="HTTP 502",
    ),
    Case(
        name="tree: leaves out the components, which cannot be asked for",
        faults=[LEAVES_OUT_THE_TOP, fault("api", CHILDREN, CutOff())],
        ending=ALL_FAILS,
        says="broke off",
    ),
    Case(
        name="wiki: a page's text is refused for now",
        faults=[fault("api", WIKI_TEXT, Refuse(503))],
        ending=Ending(stale={"wiki/home.md": "file_unavailable"}),
        says="HTTP 503",
    ),
    Case(
        name="wiki: a page's text is cut",
        faults=[fault("api", WIKI_TEXT, CutOff(5))],
        ending=Ending(stale={"wiki/home.md": "file_unavailable"}),
        says="broke off",
    ),
    Case(
        name="wiki: a page's text is that of a login page",
        faults=[fault("api", WIKI_TEXT, Replace(PROXY_PAGE, "text/html"))],
        ending=Ending(stale={"wiki/home.md": "file_unavailable"}),
        says="instead of text",
    ),
    Case(
        name="wiki: a page's text is without an end",
        faults=[fault("api", WIKI_TEXT, Endless())],
        ending=Ending(stale={"wiki/home.md": "file_unavailable"}),
        says="more than",
    ),
]


@pytest.mark.parametrize("case", UNUSABLE_ANSWERS, ids=str)
async def test_what_has_no_usable_answer_stays_as_it_was_until_it_has_one(
    laboratory: Laboratory, case: Case
) -> None:
    await judge(laboratory, case)


@pytest.mark.parametrize("case", SAID_IN_PARTS, ids=str)
async def test_what_is_said_only_in_part_is_not_taken_for_the_whole(
    laboratory: Laboratory, case: Case
) -> None:
    await judge(laboratory, case)


async def test_what_fails_once_is_asked_again_and_nothing_is_missing(
    laboratory: Laboratory,
) -> None:
    passing = [
        fault(asked.host, asked.path, Refuse(503, retry_after="1"), times=1)
        for asked in ASKED.values()
    ]
    await judge(laboratory, Case(name="every request fails once", faults=passing))
