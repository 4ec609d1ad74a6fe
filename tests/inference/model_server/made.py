"""Pictures, documents and sound, made up."""

import base64
import io
import math
import struct
import wave
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

SAMPLES_A_SECOND = 16_000


def page(*lines: str) -> Image.Image:
    picture = Image.new("RGB", (900, 60 + 80 * len(lines)), "white")
    for number, line in enumerate(lines):
        place = (40, 30 + 80 * number)
        ImageDraw.Draw(picture).text(place, line, "black", ImageFont.load_default(size=48))
    return picture


def saved(picture: Image.Image, kind: str = "PNG", *, orientation: int | None = None) -> bytes:
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    written = io.BytesIO()
    picture.save(written, kind, exif=exif)
    return written.getvalue()


def pdf(pages: Sequence[Image.Image]) -> bytes:
    written = io.BytesIO()
    pages[0].save(written, "PDF", save_all=True, append_images=pages[1:], resolution=100)
    return written.getvalue()


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def tone(seconds: float, *, rate: int = SAMPLES_A_SECOND, channels: int = 1) -> bytes:
    numbers = [
        int(8_000 * math.sin(place * 440 * math.tau / rate))
        for place in range(int(seconds * rate))
        for _ in range(channels)
    ]
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(struct.pack(f"<{len(numbers)}h", *numbers))
    return written.getvalue()
