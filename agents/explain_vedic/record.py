"""What is asked about a Vedic text, and what comes back."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

from agents.strength import Provenance, Strength

MAX_IMAGE_BYTES = 10 * 1024 * 1024
MAX_IMAGE_BASE64 = (MAX_IMAGE_BYTES + 2) // 3 * 4


class VedicRequest(BaseModel, frozen=True):
    """A page or a text to read."""

    image: str | None = Field(
        default=None,
        min_length=4,
        max_length=MAX_IMAGE_BASE64,
        description="PNG or JPEG of a page in Devanagari, base64, at most 10 MB. Give either this"
        " or `text`.",
    )
    text: str | None = Field(
        default=None,
        min_length=1,
        max_length=20_000,
        description="The text itself, in Devanagari (with or without accents) or IAST.",
        examples=["अग्निमीळे पुरोहितं यज्ञस्य देवमृत्विजम्"],
    )
    explain: bool = Field(
        default=True,
        description="Ask the chat model for an explanation in Japanese, if one is configured.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.image is None) == (self.text is None):
            message = "give either `image` or `text`"
            raise ValueError(message)
        return self


class ReadLine(BaseModel, frozen=True):
    """One line as it was read."""

    text: str = Field(description="The line, NFC, as the OCR engine or the request gave it.")
    confidence: float | None = Field(
        default=None, description="OCR confidence from 0 to 100; null for text that was sent."
    )
    box: tuple[int, int, int, int] | None = Field(
        default=None,
        description="Left, top, width and height in pixels; null for text that was sent.",
    )


class VerseMatch(BaseModel, frozen=True):
    """A known verse that the reading agrees with."""

    locus: str = Field(description="Where the verse stands, such as RV 1.1.1.")
    text: str = Field(description="The verse as the corpus has it.")
    score: float = Field(
        ge=0, le=1, description="Share of letter groups in common; accents and spaces aside."
    )
    margin: float = Field(
        ge=0, le=1, description="Distance to the next best verse with another wording."
    )
    also: list[str] = Field(
        description="Loci of other verses that agree just as well, such as a repeated refrain."
    )
    reading: str = Field(description="The part of the reading that was compared.")
    corpus: str = Field(description="Id of the corpus; `provenance.data` has its hash.")


class VedicAnswer(BaseModel, frozen=True):
    """The reading, its transliteration, the verses it holds, and an explanation if asked for."""

    lines: list[ReadLine] = Field(description="The lines, top to bottom.")
    devanagari: str = Field(description="The normalised text with its accent marks.")
    devanagari_plain: str = Field(description="The same without accent marks.")
    iast: str = Field(description="Transliteration (IAST) without accents.")
    matches: list[VerseMatch] = Field(
        description="Known verses in the order of the text; empty if none is near enough."
    )
    explanation: str | None = Field(
        default=None,
        description="Explanation in Japanese, written by the chat model; null if none was.",
    )
    note: str = Field(description="What was found, what was left out and why.")
    strength: Strength = Field(
        description="deterministic: no model wrote anything; chat: a chat model explained."
    )
    provenance: Provenance = Field(description="What produced this answer.")
