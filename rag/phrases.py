"""What answers say of themselves, in Japanese and English."""

from dataclasses import dataclass

from contracts.problems import Problem
from rag.language import guess_language


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Fixed sentences of one language."""

    language: str
    separator: str
    refusal: str
    nothing_found: str
    no_model: str
    model_failed: str
    dropped: str
    quoted: str

    def failure(self, problem: Problem) -> str:
        """Say that the model failed, and why, in one sentence."""
        japanese = problem.message_ja if self is JAPANESE else None
        return self.model_failed.format(reason=(japanese or problem.message).rstrip("。."))


JAPANESE = Phrases(
    language="Japanese",
    separator="",
    refusal="この資料からは分かりません。",
    nothing_found="閲覧できるプロジェクトからは、この質問に答える箇所が見つかりませんでした。",
    no_model="対話モデルが設定されていないため、資料の文をそのまま引用しています。",
    model_failed="対話モデルが応答しませんでした（{reason}）。",
    dropped="出典を確かめられなかった文を{count}件除きました。",
    quoted="資料の文をそのまま引用しています。",
)
ENGLISH = Phrases(
    language="English",
    separator=" ",
    refusal="The passages do not say.",
    nothing_found="No passage in the projects that you may read answers this question.",
    no_model="No chat model is configured: these are sentences quoted from the files.",
    model_failed="The chat model did not finish ({reason}).",
    dropped="Sentences left out because their citations could not be checked: {count}.",
    quoted="These are sentences quoted from the files.",
)


def phrases_for(question: str) -> Phrases:
    """Return the phrases in the question's language; English where it is not Japanese."""
    return JAPANESE if guess_language(question) == "ja" else ENGLISH
