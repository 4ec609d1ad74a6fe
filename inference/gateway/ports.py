"""What the gateway asks of those around it: who calls, whether they may, and what it tells them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from contracts.principal import Principal
from inference.prices import FREE, Price, Used

Outcome = Literal["ok", "failed", "left"]
"""`ok`: answered whole; `failed`: the model did not; `left`: the client hung up before the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who shows a key, and which models it is for."""

    principal: Principal
    models: frozenset[str] | None = None
    """Ids in the catalogue; None: every one."""

    def may_call(self, model: str) -> bool:
        """Tell whether the key is for this model."""
        return self.models is None or model in self.models


class Callers(Protocol):
    """Knows keys."""

    async def caller(self, authorization: str | None) -> Caller:
        """Return who shows this `Authorization` header.

        A revoked key is refused a second later at most, by every process.

        Raises:
            Problem: `unauthenticated`: it is none, or one that is not valid.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call before it is made."""

    request_id: str
    endpoint: str
    """Such as `/v1/chat/completions`."""
    model: str
    """Its id in the catalogue."""
    asked_model: str
    """As the caller named it."""
    most: Used
    """The most that it may use: what is held against limits until the call has ended."""
    price: Price = FREE
    is_stream: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a call ended."""

    used: Used
    outcome: Outcome
    status: int
    seconds: float
    first_byte_s: float | None = None
    """From the request to the first byte of the answer; None where there was none."""
    held_s: float = 0.0
    """Of these, while no replica was ready."""
    model: str
    """The one that answered: another one than was asked for where the caller allowed it."""
    price: Price = FREE
    """Of that one."""


class Admitted(Protocol):
    """A call that may be made; it counts until `end`, which must come, and once."""

    @property
    def headers(self) -> Sequence[tuple[bytes, bytes]]:
        """The `x-ratelimit-…` headers of the answer."""
        ...

    def end(self, ended: Ended) -> None:
        """Count what was used and record it: it outlives a kill of the process from here on."""
        ...


class Meter(Protocol):
    """Knows limits, and keeps what was used."""

    async def admit(self, caller: Caller, call: Call) -> Admitted:
        """Let a call begin that is within every limit of its key and of its person.

        Raises:
            Problem: `limited`: one of the limits is reached; carries `retry_after_s`.
        """
        ...
