"""What does this Vedic page or text say, and which verse is it?"""

from typing import TYPE_CHECKING

from agents.definition import AgentDefinition
from agents.explain_vedic.record import VedicAnswer, VedicRequest
from agents.explain_vedic.text import answer_text
from agents.ports import AgentPorts

if TYPE_CHECKING:
    from agents.graphs import CompiledGraph


def _build(ports: AgentPorts) -> "CompiledGraph":
    # LangGraph is loaded for a run, not for a description of the agent.
    from agents.explain_vedic.graph import build_graph  # noqa: PLC0415 - see above

    return build_graph(ports)


DEFINITION = AgentDefinition(
    name="explain_vedic",
    title_en="Vedic explainer",
    title_ja="ヴェーダ語の解説",
    summary=(
        "Reads Vedic Sanskrit from a page image or from text (Devanagari or IAST), gives it"
        " normalised and transliterated, and names the known verse it agrees with, with a score;"
        " explains it in Japanese when a chat model is configured. Use it for verses of the"
        " Ṛgveda; it does not translate other Sanskrit."
    ),
    request=VedicRequest,
    answer=VedicAnswer,
    example=VedicRequest(
        image=None, text="अ॒ग्निमी॑ळे पु॒रोहि॑तं य॒ज्ञस्य॑ दे॒वमृ॒त्विज॑म् । होता॑रं रत्न॒धात॑मम् ॥", explain=True
    ),
    build=_build,
    render=answer_text,
)
