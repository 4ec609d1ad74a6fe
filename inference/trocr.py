"""TrOCR in this process: pictures of single lines become text. Loads torch when it is opened."""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Final

from PIL import Image

from inference.problems import LibraryMissing, WeightsUnreadable

_BATCH: Final = 8
_MOST_TOKENS: Final = 256
_BEGINNING: Final = 2
"""Places of the decoder that are taken before the first token of a text."""
_NEEDED: Final = ("config.json", "preprocessor_config.json")


@dataclass(frozen=True, slots=True)
class ReadText:
    """What a line says; `confidence` is the mean probability of its tokens, 0 to 1."""

    text: str
    confidence: float


class TrOcr:
    """A checkpoint as `VisionEncoderDecoderModel` saves it, with its processor.

    Source: Li et al. 2021, "TrOCR".
    """

    def __init__(self, folder: Path, *, device: str | None = None) -> None:
        """Load it, on the GPU where there is one; nothing is fetched.

        Raises:
            LibraryMissing: torch or transformers are not installed.
            WeightsUnreadable: a file is missing or damaged.
        """
        _look_for_files(folder)
        self._torch: Any = _library("torch")
        transformers: Any = _library("transformers")
        try:
            self._processor = transformers.TrOCRProcessor.from_pretrained(
                folder, local_files_only=True
            )
            model = transformers.VisionEncoderDecoderModel.from_pretrained(
                folder, local_files_only=True
            )
        except Exception as error:  # the library does not name what it raises here
            raise WeightsUnreadable(folder, reason="its files are damaged or do not fit") from error
        has_gpu = self._torch.cuda.is_available()
        self._device = device or ("cuda" if has_gpu else "cpu")
        self._model = model.to(self._device).eval()
        places = int(getattr(model.config.decoder, "max_position_embeddings", _MOST_TOKENS))
        self._most_tokens = min(_MOST_TOKENS, places - _BEGINNING)

    def read(self, lines: Sequence[Image.Image], stop: Event | None = None) -> list[ReadText]:
        """Return what the lines say, in order; fewer where `stop` is set meanwhile."""
        found: list[ReadText] = []
        for start in range(0, len(lines), _BATCH):
            if stop is not None and stop.is_set():
                break
            found += self._batch(lines[start : start + _BATCH])
        return found

    def _batch(self, lines: Sequence[Image.Image]) -> Iterator[ReadText]:
        pictures = [line.convert("RGB") for line in lines]
        pixels = self._processor(images=pictures, return_tensors="pt").pixel_values
        with self._torch.inference_mode():
            written = self._model.generate(
                pixels.to(self._device),
                max_new_tokens=self._most_tokens,
                num_beams=1,
                do_sample=False,
                output_logits=True,
                return_dict_in_generate=True,
            )
        tokens = written.sequences[:, -len(written.logits) :]
        sure = self._confidences(tokens, written.logits)
        texts = self._processor.batch_decode(written.sequences, skip_special_tokens=True)
        return (
            ReadText(text.strip(), round(confidence, 4))
            for text, confidence in zip(texts, sure, strict=True)
        )

    def _confidences(self, tokens: Any, logits: Sequence[Any]) -> list[float]:  # noqa: ANN401 - tensors
        """Return mean probabilities up to the end of each text, its end included."""
        torch = self._torch
        steps = torch.stack(list(logits), dim=1).float().softmax(dim=-1)
        chosen = steps.gather(2, tokens.unsqueeze(-1)).squeeze(-1)
        end = torch.tensor(self._ends(), device=tokens.device)
        is_end = torch.isin(tokens, end).int()
        counts = (is_end.cumsum(dim=1) - is_end) == 0
        means: list[float] = ((chosen * counts).sum(dim=1) / counts.sum(dim=1)).tolist()
        return means

    def _ends(self) -> list[int]:
        end: int | list[int] | None = self._model.generation_config.eos_token_id
        if end is None:
            return [-1]
        return [end] if isinstance(end, int) else end


def _look_for_files(folder: Path) -> None:
    for name in _NEEDED:
        if not (folder / name).is_file():
            raise WeightsUnreadable(folder, reason=f"{name} is not there")


def _library(name: str) -> Any:  # noqa: ANN401 - a module
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise LibraryMissing(name) from error
