"""Run the agent, and look at what its rules see, in one call each."""

from agents.check_sample_quality.definition import DEFINITION
from agents.check_sample_quality.description import Description, describe
from agents.check_sample_quality.findings.search import find_contradictions
from agents.check_sample_quality.profile import find_profile
from agents.check_sample_quality.record import SampleSubmission, SampleVerdict, State
from agents.check_sample_quality.submission import read_submission
from agents.ports import AgentPorts
from agents.runner import run_agent
from agents.settings import AgentSettings
from rag.ports import ChatModel


async def check(submission: SampleSubmission, chat: ChatModel | None = None) -> SampleVerdict:
    """Return the agent's verdict."""
    ports = AgentPorts(settings=AgentSettings(), chat=chat, ocr=None)
    return await run_agent(DEFINITION, submission, ports=ports)


async def check_text(text: str, profile: str | None = None) -> SampleVerdict:
    """Return the verdict on a text, without a chat model."""
    return await check(SampleSubmission(text=text, profile=profile))


def description_of(text: str, profile: str = "generic") -> Description:
    """Return what the rules see in a text."""
    submission = read_submission(SampleSubmission(text=text))
    return describe(submission.text, submission.statements, find_profile(profile))


def states_in(text: str, profile: str = "generic") -> dict[str, State]:
    """Return the state of every criterion with evidence in a text."""
    evidence = description_of(text, profile).evidence
    return {name: found.state for name, found in evidence.items()}


def words_for(criterion: str, text: str, profile: str = "generic") -> str | None:
    """Return the folded words that show a criterion."""
    description = description_of(text, profile)
    found = description.evidence.get(criterion)
    return description.text[found.start : found.end] if found else None


def doubts_in(text: str, profile: str = "generic") -> list[tuple[str, str]]:
    """Return code and folded words of every contradiction in a text."""
    description = description_of(text, profile)
    return [
        (found.code, description.text[found.start : found.end])
        for found in find_contradictions(description)
    ]
