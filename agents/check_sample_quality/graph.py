"""The steps of the sample check: read, compare with the profile, ask the model, conclude."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from agents.check_sample_quality.choosing import choose_profile, describes_sample
from agents.check_sample_quality.description import Description, describe
from agents.check_sample_quality.findings.contradiction import Contradiction
from agents.check_sample_quality.findings.search import find_contradictions
from agents.check_sample_quality.judging import (
    LONGEST_COMMENT,
    LONGEST_READ,
    Judgements,
    ask_for_judgements,
    raise_marks,
)
from agents.check_sample_quality.marks import Mark, marks_of
from agents.check_sample_quality.profile import Profile, criteria_version, find_profile
from agents.check_sample_quality.record import ProfileUsed, SampleSubmission, SampleVerdict
from agents.check_sample_quality.submission import Submission, read_submission
from agents.check_sample_quality.verdict import criteria_of, findings_of, overall_of
from agents.check_sample_quality.wording import Omission, message_for, omission
from agents.graphs import StreamWriter, compile_graph, tell
from agents.ports import AgentPorts
from agents.strength import Provenance
from contracts.problems import Problem

if TYPE_CHECKING:
    from agents.graphs import CompiledGraph

STEPS = 3
VERSION = "1"


class CheckState(TypedDict):
    """What the steps hand on."""

    request: SampleSubmission
    submission: Submission
    profile: Profile
    description: Description
    is_sample: bool
    contradictions: list[Contradiction]
    marks: Mapping[str, Mark]
    reply: Judgements | None
    omissions: list[Omission]
    answer: SampleVerdict


class _Steps:
    def __init__(self, ports: AgentPorts) -> None:
        self.chat = ports.chat

    async def read(self, state: CheckState, writer: StreamWriter) -> Mapping[str, object]:
        tell(writer, "読み取り / reading", 0, STEPS)
        request = state["request"]
        profile = (
            await asyncio.to_thread(find_profile, request.profile) if request.profile else None
        )
        submission = await asyncio.to_thread(read_submission, request)
        if profile is None:
            profile = await asyncio.to_thread(choose_profile, submission.text)
        return {"submission": submission, "profile": profile}

    async def compare(self, state: CheckState, writer: StreamWriter) -> Mapping[str, object]:
        tell(writer, "照合 / comparing", 1, STEPS)
        return await asyncio.to_thread(_compared, state["submission"], state["profile"])

    async def judge(self, state: CheckState, writer: StreamWriter) -> Mapping[str, object]:
        tell(writer, "判定 / judging", 2, STEPS)
        if not state["is_sample"]:
            return {"reply": None, "omissions": []}
        if self.chat is None:
            return _without_model("no_model")
        submission, marks = state["submission"], state["marks"]
        try:
            reply = await ask_for_judgements(self.chat, submission, state["profile"], marks)
        except Problem:
            return _without_model("model_failed")
        if reply is None:
            return _without_model("reply_invalid")
        raised = raise_marks(marks, reply.criteria, submission, state["description"])
        omissions: list[Omission] = ["quotes_dropped"] if raised.dropped else []
        if len(submission.readable) > LONGEST_READ:
            omissions.append("text_cut")
        return {"reply": reply, "marks": raised.marks, "omissions": omissions}

    async def conclude(self, state: CheckState, writer: StreamWriter) -> Mapping[str, object]:
        tell(writer, "完了 / done", STEPS, STEPS)
        submission, reply = state["submission"], state["reply"]
        language, source = submission.language, submission.folded.source
        criteria = criteria_of(state["profile"], state["marks"], source, language)
        findings = findings_of(state["contradictions"], submission.folded, language)
        overall = overall_of(is_sample=state["is_sample"], findings=findings, criteria=criteria)
        answer = SampleVerdict(
            overall=overall,
            message=message_for(overall, findings, criteria, language),
            language=language,
            profile=_profile_used(state),
            findings=findings,
            criteria=criteria,
            comment=_comment(reply),
            text=source if submission.is_rewritten else None,
            strength="deterministic" if reply is None else "chat",
            left_out=[omission(kind, language) for kind in state["omissions"]],
            provenance=self._provenance(state),
        )
        return {"answer": answer}

    def _provenance(self, state: CheckState) -> Provenance:
        profile = state["profile"]
        return Provenance(
            agent="check_sample_quality",
            agent_version=VERSION,
            chat_model=self.chat.model if self.chat and state["reply"] else None,
            ocr_model=None,
            data={"criteria": criteria_version(), f"profile {profile.id}": profile.version},
        )


def build_graph(ports: AgentPorts) -> "CompiledGraph":
    """Compile the graph for these ports."""
    steps = _Steps(ports)
    return compile_graph(
        CheckState,
        {
            "read": steps.read,
            "compare": steps.compare,
            "judge": steps.judge,
            "conclude": steps.conclude,
        },
    )


def _compared(submission: Submission, profile: Profile) -> dict[str, object]:
    description = describe(submission.text, submission.statements, profile)
    is_sample = describes_sample(description)
    return {
        "description": description,
        "is_sample": is_sample,
        "contradictions": find_contradictions(description) if is_sample else [],
        "marks": marks_of(description, submission.folded) if is_sample else {},
    }


def _without_model(reason: Omission) -> dict[str, object]:
    return {"reply": None, "omissions": [reason]}


def _comment(reply: Judgements | None) -> str | None:
    return (reply.comment.strip()[:LONGEST_COMMENT] or None) if reply else None


def _profile_used(state: CheckState) -> ProfileUsed:
    profile = state["profile"]
    chosen_by = "request" if state["request"].profile else "rules"
    return ProfileUsed(id=profile.id, version=profile.version, chosen_by=chosen_by)
