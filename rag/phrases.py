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
    nothing_readable: str
    nothing_indexed: str
    nothing_shared: str
    no_model: str
    model_failed: str
    dropped: str
    quoted: str
    not_reranked: str

    def failure(self, problem: Problem) -> str:
        """Say that the model failed, and why, in one sentence."""
        return self.model_failed.format(reason=self._reason(problem))

    def without_reranker(self, problem: Problem) -> str:
        """Say that the reranker failed, and why, in one sentence."""
        return self.not_reranked.format(reason=self._reason(problem))

    def _reason(self, problem: Problem) -> str:
        japanese = problem.message_ja if self is JAPANESE else None
        return (japanese or problem.message).rstrip("。.")


JAPANESE = Phrases(
    language="Japanese",
    separator="",
    refusal="この資料からは分かりません。",
    nothing_found="閲覧できるプロジェクトからは、この質問に答える箇所が見つかりませんでした。",
    nothing_readable="検索したプロジェクトはありません。閲覧できるプロジェクトがないか、"
    "指定されたプロジェクトがありません。GakuNin RDM のプロジェクトを検索するには、"
    "RDM のアカウントを連携してください（fumikura links add rdm）。",
    nothing_indexed="閲覧できるプロジェクトはまだ索引されていません（埋め込みモデル {model}）。"
    "索引を作成してから検索してください。",
    nothing_shared="質問と語を十分に共有する文がないため、引用していません。"
    "言い換えて質問するか、検索で近い箇所を確かめてください。",
    no_model="対話モデルが設定されていないため、資料の文をそのまま引用しています。",
    model_failed="対話モデルが応答しませんでした（{reason}）。",
    dropped="出典を確かめられなかった文を{count}件除きました。",
    quoted="資料の文をそのまま引用しています。",
    not_reranked="リランカーを使わずに並べた結果です（{reason}）。",
)
ENGLISH = Phrases(
    language="English",
    separator=" ",
    refusal="The passages do not say.",
    nothing_found="No passage in the projects that you may read answers this question.",
    nothing_readable="No project was searched: there is none that you may read, or none was named."
    " Projects of GakuNin RDM are found once your account is linked (`fumikura links add rdm`).",
    nothing_indexed="Nothing is indexed yet of the projects that you may read (embedding model"
    " {model}): index them, then search again.",
    nothing_shared="No sentence shares enough of the question's words to be quoted: ask in other"
    " words, or search for the nearest passages.",
    no_model="No chat model is configured: these are sentences quoted from the files.",
    model_failed="The chat model did not finish ({reason}).",
    dropped="Sentences left out because their citations could not be checked: {count}.",
    quoted="These are sentences quoted from the files.",
    not_reranked="The hits stand in the order of the search: the reranker did not help ({reason}).",
)


def phrases_for(question: str) -> Phrases:
    """Return the phrases in the question's language; English where it is not Japanese."""
    return JAPANESE if guess_language(question) == "ja" else ENGLISH
