"""Make sound into 16,000 numbers of 16 bits a second. Run only where it may be killed."""

import io
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Final

from inference.model_server.child import Unreadable, answer_one

SAMPLES_A_SECOND: Final = 16_000
_BYTES: Final = 2
_FORMATS: Final = "wav,w64,aiff,mp3,flac,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,amr,caf"
_NEVER: Final = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
"""Play lists name other files and addresses, which FFmpeg would open."""


def read_sound(job: Mapping[str, Any], data: bytes) -> tuple[Mapping[str, object], bytes]:
    """Return one channel of sound; facts are its seconds.

    Raises:
        Unreadable: and why.
    """
    av: Any = import_module("av")
    most = job["most_seconds"] * SAMPLES_A_SECOND * _BYTES
    made = bytearray()
    try:
        with av.open(io.BytesIO(data), options=_NEVER, metadata_errors="ignore") as opened:
            if not opened.streams.audio:
                raise Unreadable("it has no sound")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLES_A_SECOND)
            for frame in _frames(av, opened):
                for part in resampler.resample(frame):
                    made += bytes(part.planes[0])[: part.samples * _BYTES]
                if len(made) > most:
                    raise Unreadable(f"it is longer than {job['most_seconds']:,} s")
    except (av.FFmpegError, ValueError) as error:
        raise Unreadable("its format is not known, or it is broken") from error
    if not made:
        raise Unreadable("it has no sound")
    return {"seconds": len(made) / _BYTES / SAMPLES_A_SECOND}, bytes(made)


def _frames(av: Any, opened: Any) -> Iterable[Any]:  # noqa: ANN401 - the library is no dependency of types
    """Yield frames, but not broken ones, and at last None, which empties the resampler."""
    frames = iter(opened.decode(audio=0))
    while True:
        try:
            frame = next(frames)
        except StopIteration:
            break
        except av.error.InvalidDataError:
            continue
        frame.pts = None
        yield frame
    yield None


if __name__ == "__main__":
    answer_one(read_sound)
