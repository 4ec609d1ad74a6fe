"""Every way to look at what a key finds, and what each of them must tell."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

import httpx2

from connectors.paths import FileIds
from rag.passages import passage_id
from tests.acl.house import CANARY, HALL, WORD

STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {"rdm_unavailable": 503, "rdm_token_refused": 403}
)
REFUSALS: Final = frozenset({404, *STATUS.values()})
NOTHING: Final = frozenset[str]()
_NOT_COMPARED: Final = frozenset({"x-request-id"})
_MCP: Final = MappingProxyType({"accept": "application/json, text/event-stream"})


class Differs(AssertionError):
    """What is seen is not what the model says: a leak, or something wrongly hidden."""


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """A file as it is indexed."""

    project_id: str
    path: str
    canary: str

    @property
    def content(self) -> str:
        return f"{WORD} {self.canary}"

    @property
    def passage_id(self) -> str:
        file_id = FileIds(self.project_id).give(self.path)
        version = sha256(self.content.encode()).hexdigest()
        return passage_id(self.project_id, file_id, version, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the holder of a key must see, and everything else that there is."""

    projects: frozenset[str] = frozenset()
    texts: frozenset[Text] = frozenset()
    hidden: tuple[Text, ...]
    """Indexed, and not theirs to read."""
    code: str | None = None
    """Of the problem that is told, where nothing is."""

    @property
    def canaries(self) -> frozenset[str]:
        return frozenset(text.canary for text in self.texts)


@dataclass(frozen=True, slots=True)
class Eyes:
    """Asks with one key."""

    web: httpx2.AsyncClient
    key: str

    async def ask(self, method: str, path: str, body: object = None) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.key}"}
        return await self.web.request(method, path, json=body, headers=headers)

    async def call(self, tool: str, arguments: Mapping[str, object]) -> dict[str, Any]:
        """Call a tool of MCP; return its result."""
        asked = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": tool, "arguments": arguments},
        }
        headers = {"authorization": f"Bearer {self.key}", **_MCP}
        answer = await self.web.post("/mcp", json=asked, headers=headers)
        [data] = [line for line in answer.text.splitlines() if line.startswith("data: {")]
        result: dict[str, Any] = json.loads(data.removeprefix("data: "))["result"]
        return result


@dataclass(frozen=True, slots=True)
class ById:
    """A request for something by its id, which is written `{}`."""

    method: str
    path: str
    body: Mapping[str, object] | None = None


Look = Callable[[Eyes, Sight], Awaitable[None]]


async def search(eyes: Eyes, sight: Sight) -> None:
    answer = await eyes.ask("POST", "/v1/search", {"query": WORD, "limit": 100})
    if _is_told(answer, sight):
        _same("search", _texts(answer.json()["hits"]), sight.texts)
        _same("search", _canaries(answer.text), sight.canaries)


async def answer(eyes: Eyes, sight: Sight) -> None:
    told = await eyes.ask("POST", "/v1/answers", {"question": WORD, "limit": 30})
    if _is_told(told, sight):
        _same("answer", _texts(told.json()["hits"]), sight.texts)
        _quotes("answer", told.json()["text"], sight)
        _same("answer", _canaries(told.text), sight.canaries)


async def mcp_search(eyes: Eyes, sight: Sight) -> None:
    told = await eyes.call("search", {"query": WORD, "limit": 100})
    if _is_found(told, sight):
        _same("MCP search", _texts(told["structuredContent"]["hits"]), sight.texts)
        _same("MCP search", _canaries(told["content"][0]["text"]), sight.canaries)


async def mcp_ask(eyes: Eyes, sight: Sight) -> None:
    told = await eyes.call("ask", {"question": WORD, "limit": 30})
    if _is_found(told, sight):
        _same("MCP ask", _texts(told["structuredContent"]["hits"]), sight.texts)
        _quotes("MCP ask", told["structuredContent"]["text"], sight)
        _same("MCP ask", _canaries(told["content"][0]["text"]) - sight.canaries, NOTHING)


async def projects(eyes: Eyes, sight: Sight) -> None:
    told = await eyes.ask("GET", "/v1/projects")
    if _is_told(told, sight):
        listed = frozenset(each["project_id"] for each in told.json()["projects"])
        _same("projects", listed, sight.projects)


async def files(eyes: Eyes, sight: Sight) -> None:
    """A stopped sync may have marked a file whose passages are there: it is listed as failed."""
    for project in sorted(sight.projects)[-1:]:
        told = await eyes.ask("GET", f"/v1/projects/{project}/files")
        listed = {each["path"]: each["status"] for each in told.json()["files"]}
        found = {text.path for text in sight.texts if text.project_id == project}
        indexed = {path for path, status in listed.items() if status == "indexed"}
        _same("files", (indexed - found, found - listed.keys()), (NOTHING, NOTHING))


async def read(eyes: Eyes, sight: Sight) -> None:
    """Read one text of each kind: theirs, others', nobody's."""
    for text in sorted(sight.texts, key=lambda each: each.canary)[-1:]:
        told = await eyes.ask("GET", f"/v1/passages/{text.passage_id}")
        _same("read", (told.status_code, _canaries(told.text)), (200, {text.canary}))
    for text in sight.hidden[:1]:
        await compare(eyes, BY_PASSAGE, text.passage_id, str(uuid4()))


async def run_agent(eyes: Eyes, sight: Sight) -> None:
    """Agents are handed no files: they work, and show none, also while RDM is away."""
    told = await eyes.ask("POST", "/v1/agents/check_sample_quality", {"text": f"試料：{WORD}"})
    _same("agent", (told.status_code, _canaries(told.text)), (200, NOTHING))
    assert sight is not None


async def folder(eyes: Eyes, sight: Sight) -> None:
    """Who names only folders needs no RDM."""
    told = await eyes.ask("POST", "/v1/search", {"query": WORD, "projects": [HALL]})
    _same("folder", (told.status_code, _canaries(told.text)), (200, {"canaryhall"}))
    assert sight is not None


ALL_TEXTS: Final[Sequence[Look]] = (
    *(search, answer, search, mcp_search),
    *(search, answer, search, mcp_ask),
)
"""Each shows everything that is found; the quick ones come more often."""
OTHER_LOOKS: Final[Sequence[Look]] = (projects, files, read, run_agent, folder)
BY_PROJECT: Final = (
    ById("GET", "/v1/projects/{}/files"),
    ById("GET", "/v1/projects/{}/jobs"),
    ById("GET", "/v1/sources/{}"),
    ById("POST", "/v1/sources/{}/sync"),
    ById("DELETE", "/v1/sources/{}"),
    ById("POST", "/v1/search", {"query": WORD, "projects": ["{}"]}),
    ById("POST", "/v1/answers", {"question": WORD, "projects": [HALL, "{}"]}),
)
BY_JOB: Final = (
    ById("GET", "/v1/jobs/{}"),
    ById("GET", "/v1/jobs/{}/events"),
    ById("POST", "/v1/jobs/{}/cancel"),
)
BY_TOOL: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "search": {"query": WORD, "projects": ["{}"]},
        "source_status": {"source_id": "{}"},
        "sync_source": {"source_id": "{}"},
    }
)
BY_PASSAGE: Final = ById("GET", "/v1/passages/{}")


async def compare(eyes: Eyes, asked: ById, hidden: str, absent: str) -> None:
    """An id that one may not see behaves as one that is not there: status, body, headers."""
    told = [await _told(eyes, asked, name) for name in (hidden, absent)]
    if told[0] != told[1] or told[0][0] not in REFUSALS:
        raise Differs(f"{asked} tells {hidden} from {absent}: {told}")


async def compare_by_mcp(eyes: Eyes, tool: str, hidden: str, absent: str) -> None:
    """The same by a tool."""
    told = [
        json.dumps(await eyes.call(tool, _with_id(BY_TOOL[tool], name))).replace(name, "ID")
        for name in (hidden, absent)
    ]
    if told[0] != told[1] or '"isError": true' not in told[0]:
        raise Differs(f"the tool {tool} tells {hidden} from {absent}: {told}")


async def _told(eyes: Eyes, asked: ById, name: str) -> tuple[int, str, dict[str, str]]:
    told = await eyes.ask(asked.method, asked.path.format(name), _with_id(asked.body, name))
    headers = {key: value for key, value in told.headers.items() if key not in _NOT_COMPARED}
    return told.status_code, told.text.replace(name, "ID"), headers


def _with_id(body: object, name: str) -> Any:  # noqa: ANN401 - JSON, as it came
    return json.loads(json.dumps(body).replace("{}", name))


def _is_told(answer: httpx2.Response, sight: Sight) -> bool:
    """Tell whether something was to be found; else it must be the right problem, and no more."""
    code = None if answer.status_code == 200 else answer.json()["code"]
    status = 200 if sight.code is None else STATUS[sight.code]
    _same("problem", (answer.status_code, code), (status, sight.code))
    return sight.code is None


def _is_found(result: Mapping[str, Any], sight: Sight) -> bool:
    code = result["structuredContent"]["code"] if result.get("isError") else None
    _same("problem by MCP", code, sight.code)
    return sight.code is None


def _quotes(what: str, text: str, sight: Sight) -> None:
    """Sentences of what may be read are quoted, if there are any."""
    quoted = _canaries(text)
    _same(what, quoted - sight.canaries, NOTHING)
    _same(what, bool(quoted), bool(sight.canaries))


def _texts(hits: list[dict[str, Any]]) -> frozenset[Text]:
    return frozenset(
        Text(hit["project_id"], hit["path"], canary)
        for hit in hits
        for canary in CANARY.findall(hit["text"])
    )


def _canaries(text: str) -> frozenset[str]:
    return frozenset(CANARY.findall(text))


def _same(what: str, seen: object, expected: object) -> None:
    if seen != expected:
        raise Differs(f"{what}: seen {seen}, expected {expected}")
