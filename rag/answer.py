"""From hits to an answer whose every claim cites them."""

import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Protocol

from contracts.principal import Principal
from contracts.problems import Problem
from rag.citations import CitedText, check_sentence, without_marks
from rag.extractive import quote_sentences
from rag.models import (
    Answer,
    AnswerDone,
    AnswerEvent,
    AnswerHits,
    AnswerText,
    AskRequest,
    Hit,
    SearchAnswer,
    SearchRequest,
)
from rag.phrases import Phrases, phrases_for
from rag.ports import ChatMessage, ChatModel
from rag.problems import AccessEnded
from rag.sentence_stream import sentences_of

_ANSWER_TOKENS = 1024
_CONTEXT_CHARS = 12_000
_OUR_MARK = re.compile(r"<(?=\s*/?\s*(?:passage|question))", re.IGNORECASE)


class Searches(Protocol):
    """What an answer needs of `rag.search.Search`."""

    async def search(self, principal: Principal, request: SearchRequest) -> SearchAnswer:
        """Return hits inside the principal's access."""
        ...

    async def still_readable(self, principal: Principal, hits: Sequence[Hit]) -> frozenset[str]:
        """Return those projects of `hits` that the principal may read now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Answers from hits, with a chat model where one is configured."""

    search: Searches
    chat: ChatModel | None

    async def ask(self, principal: Principal, request: AskRequest) -> Answer:
        """Return the whole answer.

        Raises:
            AccessEnded: since the search, the caller lost the right to read a passage.
            Problem: whatever the search cannot do. A chat model that fails is no error: the answer
                is then made of quotations and says so.
        """
        async with aclosing(self.stream(principal, request)) as events:
            async for event in events:
                if isinstance(event, AnswerDone):
                    return event.answer
        raise RuntimeError("a stream of answer events must end with AnswerDone")

    async def stream(
        self, principal: Principal, request: AskRequest
    ) -> AsyncGenerator[AnswerEvent]:
        """Yield the hits, then the text in stretches with checked citations, then all of it.

        The stretches joined are the text of the answer.
        """
        question = request.question
        found = await self.search.search(principal, request.as_search())
        hits = found.hits
        yield AnswerHits(hits=hits)
        phrases = phrases_for(question)
        draft = _Draft(question=question, hits=hits, phrases=phrases, search_note=found.note)
        if hits and self.chat is not None:
            async with aclosing(_write(draft, self.chat)) as stretches:
                async for stretch in stretches:
                    yield AnswerText(text=stretch)
        if hits and not draft.refused and not draft.cited.text:
            for stretch in _quote(draft):
                yield AnswerText(text=stretch)
        if {hit.project_id for hit in hits} - await self.search.still_readable(principal, hits):
            raise AccessEnded
        answer = draft.answer(self.chat)
        if not draft.cited.text:
            yield AnswerText(text=answer.text)
        yield AnswerDone(answer=answer)


@dataclass(kw_only=True)
class _Draft:
    """An answer in the making."""

    question: str
    hits: Sequence[Hit]
    phrases: Phrases
    search_note: str | None
    """Why the search found nothing, or what it had to do without."""
    cited: CitedText = field(default_factory=CitedText)
    quoting: bool = False
    """Whether the files speak for themselves, as no model wrote anything."""
    refused: bool = False
    dropped: int = 0
    failure: Problem | None = None

    def answer(self, chat: ChatModel | None) -> Answer:
        found = bool(self.cited.text)
        return Answer(
            question=self.question,
            text=self.cited.text if found else self.phrases.nothing_found,
            mode=("extractive" if self.quoting else "model") if found else "nothing_found",
            model=None if chat is None or self.quoting or not self.hits else chat.model,
            note=self._note(chat),
            citations=list(self.cited.citations),
            hits=list(self.hits),
        )

    def _note(self, chat: ChatModel | None) -> str | None:
        """Say why no model wrote the text, what was left out of it, and what the search lacked."""
        notes = [*self._notes_on_text(chat), self.search_note] if self.hits else [self.search_note]
        return " ".join(filter(None, notes)) or None

    def _notes_on_text(self, chat: ChatModel | None) -> list[str]:
        quotes = self.phrases.quoted if self.cited.text else self.phrases.nothing_shared
        if chat is None:
            return [self.phrases.no_model if self.cited.text else quotes]
        return [
            self.phrases.failure(self.failure) if self.failure else "",
            self.phrases.dropped.format(count=self.dropped) if self.dropped else "",
            quotes if self.quoting else "",
        ]


async def _write(draft: _Draft, chat: ChatModel) -> AsyncGenerator[str]:
    """Let the model write; pass on each sentence that cites hits, count those that do not."""
    known = {hit.number for hit in draft.hits}
    pieces = chat.stream(_messages(draft), max_tokens=_ANSWER_TOKENS)
    try:
        async with aclosing(pieces), aclosing(sentences_of(pieces)) as sentences:
            async for sentence in sentences:
                if draft.phrases.refusal in sentence:
                    draft.refused = not draft.cited.text
                    continue
                checked = check_sentence(sentence, known=known)
                if checked is None:
                    draft.dropped += 1
                else:
                    yield draft.cited.append(checked, separator=draft.phrases.separator)
    except Problem as problem:  # the hits are there all the same: they will be quoted
        draft.failure = problem


def _quote(draft: _Draft) -> Iterator[str]:
    draft.quoting = True
    for sentence in quote_sentences(draft.question, draft.hits):
        yield draft.cited.append(sentence, separator="\n")


def _messages(draft: _Draft) -> list[ChatMessage]:
    """Return the prompt: the rules, then numbered passages as data, then the question."""
    rules = files("rag").joinpath("prompts/answer.md").read_text(encoding="utf-8")
    system = rules.format(refusal=draft.phrases.refusal, language=draft.phrases.language)
    share = _CONTEXT_CHARS // len(draft.hits)
    passages = "\n".join(_passage(hit, share) for hit in draft.hits)
    user = f"<passages>\n{passages}\n</passages>\n\n<question>\n{draft.question}\n</question>"
    return [ChatMessage("system", system), ChatMessage("user", user)]


def _passage(hit: Hit, share: int) -> str:
    """Return a passage between marks that its own text cannot close."""
    text = _harmless(hit.text[:share])
    source = _harmless(" › ".join([hit.path, *hit.anchor.heading])).replace('"', "'")
    return f'<passage number="{hit.number}" from="{source}">\n{text}\n</passage>'


def _harmless(text: str) -> str:
    """Return text that neither closes or opens our marks nor holds what passes for a citation."""
    return without_marks(_OUR_MARK.sub("‹", text))
