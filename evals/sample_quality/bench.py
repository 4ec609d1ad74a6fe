"""Run the agent as the service does, over each case."""

from collections.abc import Sequence

from agents.check_sample_quality.definition import DEFINITION
from agents.check_sample_quality.record import SampleSubmission, SampleVerdict
from agents.ports import AgentPorts
from agents.runner import run_agent
from agents.settings import AgentSettings
from evals.sample_quality.cases import Case
from evals.sample_quality.scoring import Outcome, Score, score


async def measure(cases: Sequence[Case]) -> Score:
    """Check each case twice, with its profile named and without, and score the verdicts."""
    ports = AgentPorts(settings=AgentSettings(), chat=None, ocr=None)
    return score([await _outcome(case, ports) for case in cases])


async def _outcome(case: Case, ports: AgentPorts) -> Outcome:
    return Outcome(
        case,
        verdict=await _check(case.input, case.profile, ports),
        unnamed=await _check(case.input, None, ports),
    )


async def _check(text: str, profile: str | None, ports: AgentPorts) -> SampleVerdict:
    return await run_agent(DEFINITION, SampleSubmission(text=text, profile=profile), ports=ports)
