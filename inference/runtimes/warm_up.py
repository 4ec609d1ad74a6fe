"""The first request of each task: what is compiled or loaded late is, before anybody waits."""

import base64
import io
import wave
from dataclasses import dataclass
from typing import Final

import msgspec
from PIL import Image

from inference.gateway.asked import Part
from inference.gateway.forms import as_form
from inference.runtimes.to_serve import ToServe

_JSON: Final = "application/json"
_TEXT: Final = "warm"
_SAMPLES_A_SECOND: Final = 16_000


@dataclass(frozen=True, slots=True)
class FirstRequest:
    """A POST that a ready server answers with 200."""

    path: str
    body: bytes
    content_type: str = _JSON


def first_request(served: ToServe) -> FirstRequest:
    """Return a small request for what the model is for."""
    if served.task == "transcription":
        body, content_type = as_form(
            {"model": served.served_name}, [Part("file", _silence(), ".wav")]
        )
        return FirstRequest("/v1/audio/transcriptions", body, content_type)
    path, fields = _json_request(served)
    return FirstRequest(path, msgspec.json.encode({"model": served.served_name, **fields}))


def _json_request(served: ToServe) -> tuple[str, dict[str, object]]:
    if served.engine == "bge-m3":
        task, data = "embed&token_classify", {"input": [_TEXT]}
        return "/pooling", {"task": task, "data": data}
    if served.engine == "bge-m3-tokens":
        return "/pooling", {"task": "token_embed", "input": [_TEXT]}
    if served.task == "embedding":
        return "/v1/embeddings", {"input": [_TEXT]}
    if served.task == "rerank":
        return "/v1/rerank", {"query": _TEXT, "documents": [_TEXT]}
    if served.task == "ocr":
        return "/v1/ocr", {"image": f"data:image/png;base64,{base64.b64encode(_page()).decode()}"}
    message = {"role": "user", "content": _TEXT}
    return "/v1/chat/completions", {"messages": [message], "max_tokens": 1}


def _page() -> bytes:
    saved = io.BytesIO()
    Image.new("L", (64, 64), 255).save(saved, "PNG")
    return saved.getvalue()


def _silence() -> bytes:
    saved = io.BytesIO()
    with wave.open(saved, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_SAMPLES_A_SECOND)
        sound.writeframes(bytes(_SAMPLES_A_SECOND))  # half a second
    return saved.getvalue()
