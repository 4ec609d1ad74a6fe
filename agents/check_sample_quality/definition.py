"""Is a sample described well enough to reuse its data?"""

from typing import TYPE_CHECKING

from agents.check_sample_quality.record import SampleSubmission, SampleVerdict
from agents.check_sample_quality.text import verdict_text
from agents.definition import AgentDefinition
from agents.ports import AgentPorts

if TYPE_CHECKING:
    from agents.graphs import CompiledGraph


def _build(ports: AgentPorts) -> "CompiledGraph":
    # LangGraph is loaded for a run, not for a description of the agent.
    from agents.check_sample_quality.graph import build_graph  # noqa: PLC0415 - see above

    return build_graph(ports)


DEFINITION = AgentDefinition(
    name="check_sample_quality",
    title_en="Sample description check",
    title_ja="材料試料の情報チェック",
    summary=(
        "Checks whether a description of a material sample (text, or one table row) holds what"
        " others need to reuse its data, and says what to add or correct, in the submission's"
        " language. Use it before a sample is registered or shared. It judges the description,"
        " not the sample, and does not look anything up in projects."
    ),
    request=SampleSubmission,
    answer=SampleVerdict,
    example=SampleSubmission(
        text="試料番号：TiA-2025-014\n組成：Ti-6Al-4V（質量%）\n形状：丸棒\n寸法：φ10 mm × 60 mm\n"
        "入手先：自作（溶解番号 23-118）\n熱処理：Ar中 950 ℃ 1 h 溶体化後に水冷",
        fields=None,
        profile="bulk_alloy",
        language="auto",
    ),
    build=_build,
    render=verdict_text,
)
