"""What can go wrong when an agent is asked for."""

from collections.abc import Iterable
from difflib import get_close_matches

from contracts.problems import Problem


class AgentUnknown(Problem):
    """No agent has this name."""

    kind = "missing"
    code = "agent_unknown"

    def __init__(self, name: str, *, known: Iterable[str]) -> None:
        names = list(known)
        near = get_close_matches(name, names, n=3, cutoff=0.4)
        super().__init__(
            f"There is no agent {name[:80]!r}.",
            hint=f"Did you mean: {', '.join(near)}?" if near else f"There is: {', '.join(names)}.",
            message_ja=f"「{name[:80]}」というエージェントはありません。",
        )


class AgentTimedOut(Problem):
    """A run was stopped at its deadline; nothing of it is kept."""

    kind = "unavailable"
    code = "agent_timed_out"

    def __init__(self, name: str, *, deadline_s: float) -> None:
        super().__init__(
            f"The agent {name!r} was stopped after {deadline_s:g} s.",
            hint="Send less at once, or raise the setting `agents.deadline_s`.",
            message_ja=f"エージェント「{name}」は{deadline_s:g}秒で打ち切られました。",
        )


class ProfileUnknown(Problem):
    """No sample profile has this name."""

    kind = "invalid"
    code = "profile_unknown"

    def __init__(self, name: str, *, known: Iterable[str]) -> None:
        names = ", ".join(known)
        super().__init__(
            f"There is no sample profile {name[:80]!r}.",
            hint=f"Use one of {names}, or leave it out to have one chosen.",
            message_ja=f"「{name[:80]}」という試料プロファイルはありません。使えるもの: {names}",
        )


class ImageInvalid(Problem):
    """The image of a request is not base64, not a picture we read, or too large."""

    kind = "invalid"
    code = "image_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The image cannot be used: {reason}.",
            hint="Send a PNG or JPEG of at most 10 MB as base64, without a `data:` prefix.",
            message_ja="画像を読めません。10 MB 以下の PNG か JPEG を base64 で送ってください。",
        )


class OcrMissing(Problem):
    """An image came in and no OCR engine is configured."""

    kind = "unavailable"
    code = "ocr_missing"

    def __init__(self) -> None:
        super().__init__(
            "No OCR engine is configured, so images cannot be read.",
            hint="Send `text` instead, or install Tesseract with `tesseract-ocr-san`"
            " (`fumikura doctor` shows what is missing).",
            message_ja="OCR がないため画像を読めません。text に文字で入力してください。",
        )


class CorpusInvalid(Problem):
    """The verse corpus of the settings cannot be read."""

    kind = "invalid"
    code = "verse_corpus_invalid"

    def __init__(self, name: str, *, reason: str) -> None:
        super().__init__(
            f"The verse corpus {name!r} cannot be read: {reason}.",
            hint='Each line must be a JSON object with "locus" and "text", plain or gzip.',
        )
