"""What can go wrong in our model server: with its model, and with requests."""

from contracts.problems import Problem


class ServerLoading(Problem):
    """The model is not loaded yet."""

    kind = "unavailable"
    code = "model_loading"

    def __init__(self, *, retry_after_s: float) -> None:
        super().__init__(
            "The model is being loaded.",
            hint="Try again after the time in `Retry-After`; `/health` says when it is ready.",
            message_ja="モデルを読み込んでいます。",
            retry_after_s=retry_after_s,
        )


class ServerFull(Problem):
    """As many wait as may wait."""

    kind = "unavailable"
    code = "model_server_full"

    def __init__(self, *, retry_after_s: float) -> None:
        super().__init__(
            "Too many requests wait for this model.",
            hint="Try again after the time in `Retry-After`.",
            message_ja="モデルは混み合っています。しばらくしてから再度お試しください。",
            retry_after_s=retry_after_s,
        )


class DocumentUnreadable(Problem):
    """No PDF, an encrypted one, or a page that it does not have."""

    kind = "invalid"
    code = "document_unreadable"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The document cannot be read: {reason}.",
            hint="Send a PDF without a password, and pages that it has.",
            message_ja="文書を読めません。パスワードのないPDFを送ってください。",
        )


class SoundUnreadable(Problem):
    """No sound, of no known format, or too long."""

    kind = "invalid"
    code = "sound_unreadable"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The sound cannot be read: {reason}.",
            hint="Send a part of it as WAV, MP3, FLAC, Ogg, MP4 or WebM.",
            message_ja="音声を読めません。",
        )


class ModelServerBroke(Problem):
    """A mistake of ours, or of a library's."""

    kind = "unavailable"
    code = "model_server_broke"

    def __init__(self) -> None:
        super().__init__(
            "The model server could not answer this request.",
            hint="An operator finds the place in its log.",
            message_ja="モデルサーバーでエラーが発生しました。",
        )
