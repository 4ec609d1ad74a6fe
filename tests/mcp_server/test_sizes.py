"""What the tools cost an assistant. A token is taken for 4 characters: an estimate, no count."""

import json

from mcp_server.schemas import input_schema, output_schema
from mcp_server.server import INSTRUCTIONS
from mcp_server.text import hits_text
from mcp_server.tools import TOOLS
from rag.models import Anchor, Hit, ScoreParts, SearchAnswer, SearchRequest

PASSAGE_CHARS = 1000


def _tokens(text: str) -> float:
    return len(text) / 4


def _default_answer() -> SearchAnswer:
    """As many hits as a search gives when nothing is said, each a full passage."""
    hits = [
        Hit(
            number=number,
            passage_id="0c0d5a5e-6d57-4f0e-9a3b-7f2f1f0a9d11",
            project_id="alloy-project",
            file_id="reports/2025/溶体化処理の報告書.pdf",
            path="reports/2025/溶体化処理の報告書.pdf",
            version="f" * 64,
            title="AZ91合金の溶体化処理に関する報告書",
            anchor=Anchor(page=12, heading=("実験方法", "熱処理"), start=10_000, end=11_000),
            text="x" * PASSAGE_CHARS,
            score=0.91,
            parts=ScoreParts(dense=0.71, words=12.5, bigrams=10.25),
            embedding_model="all-MiniLM-L6-v2@0.1.0",
        )
        for number in range(1, SearchRequest(query="q").limit + 1)
    ]
    return SearchAnswer(query="溶体化処理の温度", hits=hits, took_ms=4.2)


def test_all_that_a_model_reads_to_choose_a_tool_takes_at_most_2000_tokens() -> None:
    read = [
        json.dumps(
            {
                "name": tool.name,
                "title": tool.title,
                "description": tool.description,
                "inputSchema": input_schema(tool.request),
            },
            ensure_ascii=False,
        )
        for tool in TOOLS.values()
    ]
    assert _tokens(INSTRUCTIONS + "".join(read)) <= 2000


def test_the_output_schemas_take_at_most_5000_tokens() -> None:
    schemas = [
        json.dumps(output_schema(tool.answer), ensure_ascii=False) for tool in TOOLS.values()
    ]
    assert _tokens("".join(schemas)) <= 5000


def test_the_text_of_a_default_search_adds_at_most_45_tokens_to_each_passage() -> None:
    answer = _default_answer()
    assert _tokens(hits_text(answer)) / len(answer.hits) <= PASSAGE_CHARS / 4 + 45
