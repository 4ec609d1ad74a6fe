"""The steps of the Vedic explainer: read, transliterate, match, explain."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from agents.explain_vedic.corpus import Corpus, load_bundled, load_corpus
from agents.explain_vedic.devanagari import normalise, without_accents
from agents.explain_vedic.explanation import explain_verses
from agents.explain_vedic.iast import to_iast
from agents.explain_vedic.matching import index_of
from agents.explain_vedic.passages import MatchedPassage, match_passages
from agents.explain_vedic.reading import (
    decode_image,
    devanagari_of,
    lines_of_page,
    lines_of_text,
)
from agents.explain_vedic.record import ReadLine, VedicAnswer, VedicRequest, VerseMatch
from agents.graphs import StreamWriter, compile_graph, tell
from agents.ports import AgentPorts
from agents.problems import OcrMissing
from agents.strength import Provenance
from contracts.problems import Problem

if TYPE_CHECKING:
    from agents.graphs import CompiledGraph

STEPS = 3
VERSION = "1"
UNSURE_BELOW = 0.1  # margin; closer rivals are often variants of one formula


class VedicState(TypedDict):
    """What the steps hand on."""

    request: VedicRequest
    lines: list[ReadLine]
    devanagari: str
    matches: list[VerseMatch]
    corpora: tuple[Corpus, ...]
    explanation: str | None
    remark: str
    answer: VedicAnswer


class _Steps:
    def __init__(self, ports: AgentPorts) -> None:
        self.ports = ports

    async def read(self, state: VedicState, writer: StreamWriter) -> Mapping[str, object]:
        tell(writer, "読み取り / reading", 0, STEPS)
        request = state["request"]
        if request.image is None:
            lines = lines_of_text(request.text or "")
            return {"lines": lines, "devanagari": devanagari_of(lines)}
        lines = await self._read_image(request.image)
        return {"lines": lines, "devanagari": normalise("\n".join(line.text for line in lines))}

    async def _read_image(self, encoded: str) -> list[ReadLine]:
        if self.ports.ocr is None:
            raise OcrMissing
        return lines_of_page(
            await self.ports.ocr.read_image(decode_image(encoded), languages=["sa"])
        )

    async def match(self, state: VedicState, writer: StreamWriter) -> Mapping[str, object]:
        tell(writer, "照合 / matching", 1, STEPS)
        corpora = await asyncio.to_thread(self._corpora)
        index = await asyncio.to_thread(index_of, corpora)
        passages = await asyncio.to_thread(match_passages, state["devanagari"], index.find)
        return {"corpora": corpora, "matches": [_shown(passage) for passage in passages]}

    def _corpora(self) -> tuple[Corpus, ...]:
        path = self.ports.settings.verse_corpus
        return (load_bundled(),) if path is None else (load_bundled(), load_corpus(path))

    async def explain(self, state: VedicState, writer: StreamWriter) -> Mapping[str, object]:
        tell(writer, "解説 / explaining", 2, STEPS)
        chat = self.ports.chat
        if not state["request"].explain:
            return _silent("解説は求められていません。")
        if not state["matches"]:
            return _silent("同定できた詩節がないため、解説は付けていません。")
        if chat is None:
            return _silent("チャットモデルが設定されていないため、解説は付けていません。")
        try:
            explanation = await explain_verses(chat, state["matches"])
        except Problem as problem:
            reason = problem.message_ja or problem.message
            return _silent(f"解説は付けていません: {reason}")
        if not explanation:
            return _silent("チャットモデルの応答が空だったため、解説は付けていません。")
        return {
            "explanation": explanation,
            "remark": f"解説はモデル {chat.model} が書いた文章です。",
        }

    async def conclude(self, state: VedicState, writer: StreamWriter) -> Mapping[str, object]:
        tell(writer, "完了 / done", STEPS, STEPS)
        plain = without_accents(state["devanagari"])
        explanation = state["explanation"]
        answer = VedicAnswer(
            lines=state["lines"],
            devanagari=state["devanagari"],
            devanagari_plain=plain,
            iast=to_iast(plain),
            matches=state["matches"],
            explanation=explanation,
            note=f"{_described(state['devanagari'], state['matches'])}{state['remark']}",
            strength="deterministic" if explanation is None else "chat",
            provenance=self._provenance(state),
        )
        return {"answer": answer}

    def _provenance(self, state: VedicState) -> Provenance:
        ports, explained = self.ports, state["explanation"] is not None
        return Provenance(
            agent="explain_vedic",
            agent_version=VERSION,
            chat_model=ports.chat.model if ports.chat and explained else None,
            ocr_model=ports.ocr.model if ports.ocr and state["request"].image else None,
            data={corpus.id: corpus.digest[:16] for corpus in state["corpora"]},
        )


def build_graph(ports: AgentPorts) -> "CompiledGraph":
    """Compile the graph for these ports."""
    steps = _Steps(ports)
    return compile_graph(
        VedicState,
        {
            "read": steps.read,
            "match": steps.match,
            "explain": steps.explain,
            "conclude": steps.conclude,
        },
    )


def _silent(remark: str) -> dict[str, object]:
    return {"explanation": None, "remark": remark}


def _shown(passage: MatchedPassage) -> VerseMatch:
    match = passage.match
    return VerseMatch(
        locus=match.verse.locus,
        text=match.verse.text,
        score=match.score,
        margin=match.margin,
        also=list(match.also),
        reading=passage.reading,
        corpus=match.corpus,
    )


def _described(reading: str, matches: Sequence[VerseMatch]) -> str:
    if not reading:
        return "ヴェーダ語の文字を読み取れませんでした。"
    if not matches:
        return "既知の詩節とは一致しませんでした（読み込んだ用例集にない可能性があります）。"
    unsure = [match.locus for match in matches if match.also or match.margin < UNSURE_BELOW]
    doubt = f"{'、'.join(unsure)} は似た詩節が他にもあり、確実ではありません。" if unsure else ""
    return f"{len(matches)} つの詩節を同定しました。{doubt}"
