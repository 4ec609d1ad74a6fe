"""What a chat model may add: states it can prove with the submitter's own words, and a comment.

It reads the submission without the sentences that give orders, it may only raise what the rules
found missing or partial, its quotes must stand in what it read, and the rules judge the quote.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from agents.chat import ask_chat
from agents.check_sample_quality.description import Description
from agents.check_sample_quality.entries import judge_entry
from agents.check_sample_quality.folding import fold
from agents.check_sample_quality.marks import Mark
from agents.check_sample_quality.presence import RANK
from agents.check_sample_quality.profile import Profile, load_criteria
from agents.check_sample_quality.record import Language
from agents.check_sample_quality.submission import Submission
from rag.ports import ChatMessage, ChatModel

MAX_TOKENS = 2000
LONGEST_READ = 24_000  # characters of a submission that the model is shown
LONGEST_COMMENT = 1000
_LANGUAGES: Mapping[Language, str] = {"ja": "Japanese", "en": "English"}


class Judgement(BaseModel, frozen=True):
    """The model's word for one criterion."""

    criterion: str
    state: Literal["present", "partial"]
    quote: Annotated[str, Field(min_length=1, max_length=1000)]


class Judgements(BaseModel, frozen=True):
    """The model's whole reply."""

    criteria: Annotated[list[Judgement], Field(max_length=60)]
    comment: str


@dataclass(frozen=True, slots=True)
class Raised:
    """Marks after the model's word, and how many of its claims were not proved."""

    marks: Mapping[str, Mark]
    dropped: int


async def ask_for_judgements(
    chat: ChatModel, submission: Submission, profile: Profile, marks: Mapping[str, Mark]
) -> Judgements | None:
    """Return the model's reply; None when it does not follow the schema, asked twice.

    Raises:
        Problem: the model did not answer.
    """
    messages = _question(submission, profile, marks)
    reply = await _ask(chat, messages)
    try:
        return _parsed(reply)
    except ValidationError as error:
        repair = _prompt("repair.md").format(faults=_faults(error))
        messages += [ChatMessage("assistant", reply), ChatMessage("user", repair)]
    try:
        return _parsed(await _ask(chat, messages))
    except ValidationError:
        return None


def raise_marks(
    marks: Mapping[str, Mark],
    judgements: Sequence[Judgement],
    submission: Submission,
    description: Description,
) -> Raised:
    """Apply the judgements that their quotes prove; states only ever rise."""
    raised = dict(marks)
    dropped = 0
    for judgement in judgements:
        mark = _proved(judgement, submission, description)
        if mark is None:
            dropped += 1
        elif RANK[mark.state] > _rank(raised.get(judgement.criterion)):
            raised[judgement.criterion] = mark
    return Raised(raised, dropped)


def _proved(judgement: Judgement, submission: Submission, description: Description) -> Mark | None:
    """Return what the quote itself is worth, at most what the model claims for it."""
    quote = judgement.quote.strip()
    start = submission.readable.find(quote) if quote else -1
    if start < 0 or judgement.criterion not in description.profile.criteria:
        return None
    mark = (start, start + len(quote))
    worth = judge_entry(load_criteria()[judgement.criterion], fold(quote).text)
    if worth == "missing" or _answers_another(judgement.criterion, mark, submission, description):
        return None
    return Mark(min(worth, judgement.state, key=RANK.__getitem__), *mark, "chat")


def _answers_another(
    criterion: str, place: tuple[int, int], submission: Submission, description: Description
) -> bool:
    """Tell whether the words stand in a field that its writer labelled as something else."""
    start, end = place
    for field in description.parts.fields:
        if field.criterion != criterion and not field.in_prose:
            first, last = submission.folded.span(field.statement.start, field.statement.end)
            if start < last and first < end:
                return True
    return False


def _rank(mark: Mark | None) -> int:
    return RANK[mark.state] if mark else RANK["missing"]


async def _ask(chat: ChatModel, messages: Sequence[ChatMessage]) -> str:
    schema = Judgements.model_json_schema()
    return await ask_chat(chat, messages, max_tokens=MAX_TOKENS, schema=schema)


def _question(
    submission: Submission, profile: Profile, marks: Mapping[str, Mark]
) -> list[ChatMessage]:
    known = load_criteria()
    still_open = {
        name: known[name].question("en")
        for name in profile.criteria
        if _rank(marks.get(name)) < RANK["present"]
    }
    question = {
        "sample class": profile.en,
        "criteria": still_open,
        "language of the comment": _LANGUAGES[submission.language],
        "submission": submission.readable[:LONGEST_READ],
    }
    return [
        ChatMessage("system", _prompt("judge.md")),
        ChatMessage("user", json.dumps(question, ensure_ascii=False, indent=1)),
    ]


def _parsed(reply: str) -> Judgements:
    """Read the outermost object of the reply, whatever is around it."""
    start, end = reply.find("{"), reply.rfind("}") + 1
    return Judgements.model_validate_json(reply[max(start, 0) : end])


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return "\n".join(
        f"- {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:5]
    )


def _prompt(name: str) -> str:
    packaged = files("agents.check_sample_quality") / "prompts" / name
    return packaged.read_text(encoding="utf-8")
