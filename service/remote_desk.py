"""The desk of a running service, over REST: for the command line and for MCP over stdio."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from typing import Final, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from agents.desk import Progress, ReportProgress
from agents.registry import find_agent
from agents.sources import JobInfo, SourceInfo, SourceRequest, SourceStatus
from connectors.rdm.settings import InstanceName
from contracts.principal import Principal
from contracts.problems import Problem, ProblemBody, ServiceUnreachable
from rag.models import (
    Answer,
    AnswerDone,
    AnswerEvent,
    AskRequest,
    ProjectList,
    Reading,
    ReadRequest,
    SearchAnswer,
    SearchRequest,
)
from service.access.link_info import LinkInfo
from service.generations.choosing import Order
from service.generations.state import ReembeddingState
from service.sources.order import SourceOrder

_EVENT_STREAM: Final = {"Accept": "text/event-stream"}
_TIMEOUT: Final = httpx2.Timeout(330.0, connect=5.0)  # an agent may run for its whole deadline
_PROGRESS: Final = TypeAdapter(Progress)
_ANSWER_EVENTS: Final[TypeAdapter[AnswerEvent]] = TypeAdapter(AnswerEvent)
_MAX_EVENT_BYTES: Final = 64 * 2**20

T = TypeVar("T")
ModelT = TypeVar("ModelT", bound=BaseModel)


class ServiceSaid(Problem):
    """A problem of the running service, passed on as it was told."""

    kind = "unavailable"
    code = "service_said"

    def __init__(self, told: ProblemBody) -> None:
        super().__init__(
            told.message,
            hint=told.hint,
            message_ja=told.message_ja,
            retry_after_s=told.retry_after_s,
        )
        self._told = told

    def body(self) -> ProblemBody:
        """Return it with the kind and the code that the service gave."""
        return self._told


@dataclass(frozen=True, slots=True)
class RemoteDesk:
    """Implements `agents.desk.Desk`. The service sees the key it is sent, and no principal."""

    client: httpx2.AsyncClient

    async def list_projects(self, principal: Principal) -> ProjectList:  # noqa: ARG002 - see the class
        return await self._get("/v1/projects", ProjectList)

    async def search(self, principal: Principal, request: SearchRequest) -> SearchAnswer:  # noqa: ARG002 - see the class
        return await self._post("/v1/search", request, SearchAnswer)

    async def read(self, principal: Principal, request: ReadRequest) -> Reading:  # noqa: ARG002 - see the class
        around = {"before": request.before, "after": request.after}
        path = f"/v1/passages/{_segment(request.passage_id)}"
        return await self._get(path, Reading, params=around)

    async def ask(self, principal: Principal, request: AskRequest) -> Answer:  # noqa: ARG002 - see the class
        return await self._post("/v1/answers", request, Answer)

    async def stream_answer(
        self,
        principal: Principal,  # noqa: ARG002 - see the class
        request: AskRequest,
    ) -> AsyncIterator[AnswerEvent]:
        body = request.model_dump(mode="json")
        async with aclosing(self._events("POST", "/v1/answers", json=body)) as events:
            async for event in events:
                answer_event = _in_form(_ANSWER_EVENTS.validate_json, event.data)
                yield answer_event
                if isinstance(answer_event, AnswerDone):
                    return
        raise _broken_off()

    async def run_agent(
        self,
        principal: Principal,  # noqa: ARG002 - see the class
        name: str,
        request: BaseModel,
        report: ReportProgress | None = None,
    ) -> BaseModel:
        definition = find_agent(name)
        body = request.model_dump(mode="json", exclude_unset=True)
        path = f"/v1/agents/{definition.name}"
        async with aclosing(self._events("POST", path, json=body)) as events:
            async for event in events:
                if event.event == "answer":
                    answer: BaseModel = _in_form(definition.answer.model_validate_json, event.data)
                    return answer
                if event.event == "progress" and report is not None:
                    await report(_in_form(_PROGRESS.validate_json, event.data))
        raise _broken_off()

    async def check_alive(self) -> None:
        """Return if the service answers.

        Raises:
            ServiceUnreachable: it does not.
        """
        await self._send("GET", "/healthz")

    async def sync_source(self, principal: Principal, request: SourceRequest) -> JobInfo:  # noqa: ARG002 - see the class
        path = f"{_source(request.source_id)}/sync"
        return await self._answer("POST", path, JobInfo)

    async def source_status(self, principal: Principal, request: SourceRequest) -> SourceStatus:  # noqa: ARG002 - see the class
        return await self._get(_source(request.source_id), SourceStatus)

    async def list_sources(self) -> list[SourceInfo]:
        """Return the sources that the key may read, by title."""
        return (await self._get("/v1/sources", _SourceList)).sources

    async def add_source(self, order: SourceOrder) -> str:
        """Add a source to the service and return its id; folders are those of its machine."""
        body = {name: value for name, value in asdict(order).items() if value is not None}
        if order.token is not None:
            body["token"] = order.token.get_secret_value()
        return (await self._answer("POST", "/v1/sources", _SourceMade, json=body)).source_id

    async def remove_source(self, source_id: str) -> None:
        """Remove a source from the service; what is in it is left alone."""
        await self._send("DELETE", _source(source_id))

    async def cancel_job(self, job_id: str) -> JobInfo:
        """Ask a job to stop."""
        return await self._answer("POST", f"/v1/jobs/{_segment(job_id)}/cancel", JobInfo)

    async def reembedding_state(self) -> ReembeddingState:
        """Return which embedding model answers, and how far the move to another one is."""
        return await self._get("/v1/reembedding", ReembeddingState)

    async def order_reembedding(self, order: Order) -> ReembeddingState:
        """Have a step of the move to another embedding model done."""
        return await self._answer("POST", f"/v1/reembedding/{order}", ReembeddingState)

    async def list_links(self) -> list[LinkInfo]:
        """Return the accounts that are linked to the key."""
        return (await self._get("/v1/me/links", _LinkList)).links

    async def link_account(self, instance: InstanceName, token: SecretStr) -> LinkInfo:
        """Link an account to the key, in the place of a former one."""
        body = {"token": token.get_secret_value()}
        return await self._answer("PUT", f"/v1/me/links/{instance}", LinkInfo, json=body)

    async def unlink_account(self, instance: InstanceName) -> None:
        """Forget the linked token."""
        await self._send("DELETE", f"/v1/me/links/{instance}")

    async def watch_job(self, job_id: str) -> AsyncGenerator[JobInfo]:
        """Yield the job whenever it has changed; the last one has ended."""
        path = f"/v1/jobs/{_segment(job_id)}/events"
        async with aclosing(self._events("GET", path)) as events:
            async for event in events:
                job = _in_form(JobInfo.model_validate_json, event.data)
                yield job
                if job.has_ended:
                    return
        raise _broken_off()

    async def _get(
        self, path: str, answer: type[ModelT], *, params: Mapping[str, int] | None = None
    ) -> ModelT:
        response = await self._send("GET", path, params=params)
        return _in_form(answer.model_validate_json, response.content)

    async def _post(self, path: str, request: BaseModel, answer: type[ModelT]) -> ModelT:
        return await self._answer("POST", path, answer, json=request.model_dump(mode="json"))

    async def _answer(
        self, method: str, path: str, answer: type[ModelT], *, json: object = None
    ) -> ModelT:
        response = await self._send(method, path, json=json)
        return _in_form(answer.model_validate_json, response.content)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, int] | None = None,
    ) -> httpx2.Response:
        with _failures(self.client.base_url):
            response = await self.client.request(method, path, json=json, params=params)
        if not response.is_success:  # a proxy's redirect did nothing either
            raise _told(response)
        return response

    async def _events(
        self, method: str, path: str, *, json: object = None
    ) -> AsyncGenerator[httpx2.ServerSentEvent]:
        """Yield the events of a stream; an `error` event is raised."""
        with _failures(self.client.base_url):
            async with self.client.stream(
                method, path, json=json, headers=_EVENT_STREAM
            ) as response:
                if not response.is_success:
                    await response.aread()
                    raise _told(response)
                async for event in httpx2.EventSource(response, max_event_size=_MAX_EVENT_BYTES):
                    if event.event == "error":
                        raise ServiceSaid(_in_form(ProblemBody.model_validate_json, event.data))
                    yield event


@asynccontextmanager
async def open_remote_desk(url: str, key: SecretStr | None) -> AsyncGenerator[RemoteDesk]:
    """Connect to the service at `url`; no proxy of the environment is used."""
    headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
    async with httpx2.AsyncClient(
        base_url=url, headers=headers, timeout=_TIMEOUT, trust_env=False
    ) as client:
        yield RemoteDesk(client)


class _SourceMade(BaseModel):
    source_id: str


class _SourceList(BaseModel):
    sources: list[SourceInfo]


class _LinkList(BaseModel):
    links: list[LinkInfo]


def _in_form(parse: Callable[[str | bytes], T], content: str | bytes) -> T:
    try:
        return parse(content)
    except ValidationError as error:
        raise _away("it answered in another form") from error


def _told(response: httpx2.Response) -> Problem:
    """Return the problem in an answer; what is none comes from a proxy or another program."""
    try:
        return ServiceSaid(ProblemBody.model_validate_json(response.content))
    except ValidationError:
        return _away(f"HTTP {response.status_code}", at=response.url)


def _broken_off() -> Problem:
    return _away("its answer broke off")


@contextmanager
def _failures(url: httpx2.URL) -> Generator[None]:
    try:
        yield
    except httpx2.TimeoutException as error:
        raise _away("it took too long", at=url) from error
    except httpx2.TransportError as error:
        raise _away("no connection", at=url) from error


def _away(reason: str, *, at: httpx2.URL | None = None) -> ServiceUnreachable:
    """Name the service's address where it matters, without a password that is in it."""
    place = "" if at is None else f"{at.scheme}://{at.netloc.decode()}"
    return ServiceUnreachable(
        f"The running service at {place}" if place else "The running service",
        reason=reason,
        service_ja=f"動作中のサービス（{place}）" if place else "動作中のサービス",
    )


def _source(source_id: str) -> str:
    return f"/v1/sources/{_segment(source_id)}"


def _segment(value: str) -> str:
    return quote(value, safe="")
