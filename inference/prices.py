"""What a model call used, and what that costs."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

_MICROYEN: Final = 1_000_000
_TOKENS: Final = 1_000_000
_MINUTE_S: Final = 60

Yen = Annotated[Decimal, Field(ge=0, le=100_000_000, max_digits=15, decimal_places=6)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """The units that limits and prices count."""

    prompt_tokens: int = 0
    """Cached ones included."""
    cached_tokens: int = 0
    """Of the prompt: those that the model did not have to read again."""
    completion_tokens: int = 0
    """Those of reasoning included."""
    audio_s: float = 0.0
    pages: int = 0

    def __add__(self, other: "Used") -> "Used":
        """Return what both used."""
        return Used(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            audio_s=self.audio_s + other.audio_s,
            pages=self.pages + other.pages,
        )

    @property
    def tokens(self) -> int:
        """What a limit on tokens counts."""
        return self.prompt_tokens + self.completion_tokens


class Price(BaseModel):
    """What a model costs, in yen; what is not given costs nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Yen = Decimal(0)
    """A million tokens."""
    cached: Yen | None = None
    """A million tokens of a prompt that were cached; as any others when absent."""
    completion: Yen = Decimal(0)
    """A million tokens."""
    audio_minute: Yen = Decimal(0)
    page: Yen = Decimal(0)

    def of(self, used: Used) -> int:
        """Return the cost in millionths of a yen, rounded up."""
        cached = self.prompt if self.cached is None else self.cached
        tokens = (
            self.prompt * (used.prompt_tokens - used.cached_tokens)
            + cached * used.cached_tokens
            + self.completion * used.completion_tokens
        )
        audio = self.audio_minute * Decimal(used.audio_s) / _MINUTE_S
        yen = tokens / _TOKENS + audio + self.page * used.pages
        return int((yen * _MICROYEN).to_integral_value(ROUND_CEILING))


FREE: Final = Price()
