"""Scores of passages from any `/rerank`, as Jina, Cohere and vLLM have it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field

from inference.openai_client import failures_of, open_client, post_json
from inference.problems import ModelUnreachable
from inference.settings import RerankSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class _Result(BaseModel):
    index: int
    relevance_score: Annotated[float, Field(allow_inf_nan=False)]


class _Reranked(BaseModel):
    """What is used of an answer: the best comes first, and tells which document it was."""

    results: list[_Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIRerank:
    """Scores texts for a query at an endpoint."""

    client: "AsyncOpenAI"
    model: str
    timeout_s: float
    """Of all tries together: somebody waits for their search."""

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return a score for each text, in order; higher is better. No texts, no call.

        Raises:
            ModelBusy, ModelRefused, ModelUnreachable
        """
        if not texts:
            return []
        body = {
            "model": self.model,
            "query": query,
            "documents": list(texts),
            "top_n": len(texts),
            "return_documents": False,
        }
        with failures_of(self.model):
            answer = await post_json(
                self.client, "/rerank", body, _Reranked, within_s=self.timeout_s
            )
        ordered = sorted(answer.results, key=lambda result: result.index)
        if [result.index for result in ordered] != list(range(len(texts))):
            raise ModelUnreachable(
                self.model,
                reason=f"asked for {len(texts)} scores, it sent {len(ordered)} or not one of each",
            )
        return [result.relevance_score for result in ordered]

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.close()


def open_openai_rerank(settings: RerankSettings) -> OpenAIRerank:
    """Connect to the endpoint in `settings.base_url`, which must be set."""
    client = open_client(settings.endpoint, settings.api_key, settings.timeout_s)
    return OpenAIRerank(client=client, model=settings.model, timeout_s=settings.timeout_s)
