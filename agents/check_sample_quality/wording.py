"""What the submitter reads, in Japanese or English."""

from collections.abc import Mapping, Sequence
from typing import Literal

from agents.check_sample_quality.profile import Criterion
from agents.check_sample_quality.record import CriterionVerdict, Finding, Language, Overall

Omission = Literal["no_model", "model_failed", "reply_invalid", "quotes_dropped", "text_cut"]

_OMISSIONS: Mapping[Omission, Mapping[Language, str]] = {
    "no_model": {
        "ja": "チャットモデルが設定されていないため、規則だけで判定しました。",
        "en": "No chat model is configured: only the rules judged.",
    },
    "model_failed": {
        "ja": "チャットモデルから応答がなかったため、規則だけで判定しました。",
        "en": "The chat model did not answer: only the rules judged.",
    },
    "reply_invalid": {
        "ja": "チャットモデルの応答が形式に合わないため、使いませんでした。",
        "en": "The chat model's reply did not follow the schema and was not used.",
    },
    "quotes_dropped": {
        "ja": "チャットモデルの判定のうち、引用で裏付けられないものは使いませんでした。",
        "en": "Judgements of the chat model that no quotation proves were not used.",
    },
    "text_cut": {
        "ja": "長いため、チャットモデルには初めの部分だけを見せました。",
        "en": "The text is long: the chat model saw only its beginning.",
    },
}
_NOT_A_SAMPLE: Mapping[Language, str] = {
    "ja": "試料の説明ではないようです。試料の番号、組成、形状、作り方などを書いてください。",
    "en": "This does not seem to describe a sample. Please give its name, composition, form and"
    " how it was made.",
}
_SUFFICIENT: Mapping[Language, str] = {
    "ja": "十分な試料情報です。",
    "en": "This is sufficient sample information.",
}


def omission(kind: Omission, language: Language) -> str:
    """Say what was not done, and why."""
    return _OMISSIONS[kind][language]


def message_for(
    overall: Overall,
    findings: Sequence[Finding],
    criteria: Sequence[CriterionVerdict],
    language: Language,
) -> str:
    """Say the verdict in one paragraph that names every required criterion still open."""
    if overall == "not_a_sample":
        return _NOT_A_SAMPLE[language]
    if overall == "sufficient":
        return _SUFFICIENT[language]
    wanted = [
        verdict.label
        for verdict in criteria
        if verdict.importance == "required" and verdict.state != "present"
    ]
    sentences = [
        _to_check([finding.quote for finding in findings], language),
        _to_add(wanted, language),
    ]
    return ("" if language == "ja" else " ").join(filter(None, sentences))


def suggestion_for(criterion: Criterion, quote: str | None, language: Language) -> str:
    """Say what to add, with an example; `quote` is what is there and does not suffice."""
    asked, example = criterion.question(language), criterion.example(language)
    if language == "ja":
        lead = f"「{quote}」だけでは足りません。" if quote else ""
        return f"{lead}{asked}を書いてください。例：{example}"
    lead = f"{quote!r} is not enough. " if quote else ""
    return f"{lead}Please give {asked}. Example: {example}"


def _to_check(quotes: Sequence[str], language: Language) -> str:
    if not quotes:
        return ""
    if language == "ja":
        return f"確認が必要な箇所があります：{'、'.join(f'「{quote}」' for quote in quotes)}。"
    return f"Please check: {', '.join(repr(quote) for quote in quotes)}."


def _to_add(labels: Sequence[str], language: Language) -> str:
    if not labels:
        return ""
    if language == "ja":
        return f"もう少し、{'、'.join(labels)}を加えるとよいでしょう。"
    return f"Please add a little more: {'; '.join(labels)}."
