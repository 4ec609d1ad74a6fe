"""Calls whose answer must fit a schema: checked before the caller sees it, and repaired once."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from inference.gateway.asked import Asked
from inference.gateway.calls import Running
from inference.gateway.exchange import Answering, Headers
from inference.gateway.handed import Body
from inference.gateway.problems import AnswerBrokeOff
from inference.gateway.relay import EVENT_STREAM, Outgoing, Relay, Whole
from inference.structured.answer import Answer, Message
from inference.structured.problems import AnswerUnfit
from inference.structured.wanted import Fault, Wanted, prepared, wanted_by

_CHAT: Final = "/v1/chat/completions"
_ASKING: Final = frozenset({"response_format", "tools"})
_SHOWN: Final = 4_000
"""Characters of an unfit answer that the model is shown again."""


def wanted_of(asked: Asked) -> Wanted | None:
    """Return what a request wants of its answer; None: nothing that could be checked.

    Raises:
        SchemaUnsupported: one of its schemas cannot be followed.
    """
    if asked.endpoint.path != _CHAT or not _ASKING & asked.fields.keys():
        return None
    return wanted_by({name: msgspec.json.decode(raw) for name, raw in asked.fields.items()})


def made_strict(outgoing: Outgoing) -> Outgoing:
    """Return a call that goes on as it comes, with tools that the model server keeps to."""
    body = prepared(_body(outgoing), outgoing.served.runtime, is_second_try=False)
    return replace(outgoing, body=Body(msgspec.json.encode(body)))


@dataclass(frozen=True, slots=True)
class StructuredCalls:
    """Lets a model answer, and answer once more where that does not fit."""

    relay: Relay
    tell_every_s: float = 10.0
    """Who reads a stream gets a comment so often: others would take the silence for an end."""

    async def relay_checked(
        self,
        outgoing: Outgoing,
        wanted: Wanted,
        running: Running,
        out: Answering,
        headers: Headers,
    ) -> None:
        """Send an answer that fits; a stream gets it at once when it is whole.

        Raises:
            AnswerUnfit: neither of two did.
            ModelAway, ModelWarming, RuntimeRefused, AnswerBrokeOff: see `Relay.fetch`.
        """
        fetching = self._fetched(outgoing, wanted, running, out)
        if not outgoing.asked.is_stream:
            await (await fetching).send(running, out, headers)
            return
        whole = await self._while_telling(fetching, running, out, headers)
        if whole.status == 200:
            answer = _answer(whole, outgoing.served.id)
            whole = replace(whole, body=b"".join(_events(answer, outgoing.asked)))
            if not out.is_begun:
                await out.start(200, [*EVENT_STREAM, *headers])
        await whole.send(running, out, headers)

    async def _while_telling(
        self,
        fetching: Coroutine[Any, Any, Whole],
        running: Running,
        out: Answering,
        headers: Headers,
    ) -> Whole:
        """Wait for an answer; the caller is told from time to time that it is worked on."""
        task = asyncio.create_task(fetching)
        try:
            while not (await asyncio.wait({task}, timeout=self.tell_every_s))[0]:
                if not out.is_begun:
                    running.status = 200
                    await out.start(200, [*EVENT_STREAM, *headers])
                await out.write(_WORKING)
            return task.result()
        finally:
            task.cancel()

    async def _fetched(
        self, outgoing: Outgoing, wanted: Wanted, running: Running, out: Answering
    ) -> Whole:
        body = {key: value for key, value in _body(outgoing).items() if key not in _OF_STREAMS}
        faults: list[Fault] = []
        for is_second_try in (False, True):
            asked = prepared(body, outgoing.served.runtime, is_second_try=is_second_try)
            sent = replace(outgoing, body=Body(msgspec.json.encode(asked)))
            whole = await self.relay.fetch(sent, running, out)
            if whole.status != 200:
                return whole
            answer = _answer(whole, outgoing.served.id)
            faults = wanted.faults(answer)
            if not faults:
                return whole
            body = {**body, "messages": [*body.get("messages", []), *_complaint(answer, faults)]}
        raise AnswerUnfit(outgoing.served.id, reason=_told(faults))


_ANSWERS: Final = msgspec.json.Decoder(Answer)
_WORKING: Final = b": working\n\n"
_OF_STREAMS: Final = frozenset({"stream", "stream_options"})


def _body(outgoing: Outgoing) -> dict[str, Any]:
    return msgspec.json.decode(outgoing.body.content, type=dict[str, Any])


def _answer(whole: Whole, model: str) -> Answer:
    try:
        return _ANSWERS.decode(whole.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AnswerBrokeOff(model) from error


def _complaint(answer: Answer, faults: list[Fault]) -> list[dict[str, str]]:
    """Return the messages that ask for another answer."""
    message = answer.choices[0].message if answer.choices else Message()
    said = message.content or msgspec.json.encode(message.tool_calls or "").decode()
    asked = f"That does not fit: {_told(faults)}. Answer once more, as the schema asks."
    return [
        {"role": "assistant", "content": said[:_SHOWN]},
        {"role": "user", "content": asked},
    ]


def _told(faults: list[Fault]) -> str:
    reasons = dict.fromkeys(fault.reason for fault in faults[:3])
    cut = " (it was cut off by the limit of tokens)" if any(f.is_cut_off for f in faults) else ""
    return "; ".join(reasons) + cut


def _events(answer: Answer, asked: Asked) -> Iterator[bytes]:
    """Yield a whole answer as the events of a stream."""
    head = {
        "id": answer.id,
        "object": "chat.completion.chunk",
        "created": answer.created,
        "model": answer.model,
    }
    for choice in answer.choices:
        delta: dict[str, Any] = msgspec.to_builtins(choice.message)
        for number, call in enumerate(delta.get("tool_calls") or ()):
            call["index"] = number
        yield _event(head, [{"index": choice.index, "delta": delta, "finish_reason": None}])
        end: dict[str, Any] = {"index": choice.index, "delta": {}}
        end["finish_reason"] = choice.finish_reason
        yield _event(head, [end])
    if asked.wants_usage:
        yield _event({**head, "usage": answer.usage}, [])
    yield b"data: [DONE]\n\n"


def _event(head: Mapping[str, Any], choices: list[dict[str, Any]]) -> bytes:
    return b"data: " + msgspec.json.encode({**head, "choices": choices}) + b"\n\n"
