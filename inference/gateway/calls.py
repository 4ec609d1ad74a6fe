"""A call that was admitted: it is counted once, before the caller has the end of the answer."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

from opentelemetry.trace import INVALID_SPAN, Span

from inference.gateway.ports import Admitted, Ended, Outcome
from inference.gateway.served import Served
from inference.gateway.tracing import tell_end
from inference.prices import Used


@dataclass(slots=True, kw_only=True)
class Running:
    """A call between its admission and its end."""

    admitted: Admitted
    began: float
    served: Served
    """The model that answers."""
    span: Span = INVALID_SPAN
    first_byte_s: float | None = None
    held_s: float = 0.0
    used: Used = field(default_factory=Used)
    status: int = 0
    is_ended: bool = False

    def answers(self, status: int) -> None:
        """Note that the head of an answer, or its first byte, goes to the caller now."""
        self.status = status
        if self.first_byte_s is None:
            self.first_byte_s = perf_counter() - self.began

    @contextmanager
    def held(self) -> Generator[None]:
        """Count the time within the block as time of waiting for a replica."""
        began = perf_counter()
        try:
            yield
        finally:
            self.held_s += perf_counter() - began

    def end(self, outcome: Outcome, *, status: int | None = None) -> None:
        """Count and record what was used; a second time nothing happens."""
        if self.is_ended:
            return
        self.is_ended = True
        ended = Ended(
            used=self.used,
            outcome=outcome,
            status=status or self.status,
            seconds=perf_counter() - self.began,
            first_byte_s=self.first_byte_s,
            held_s=self.held_s,
            model=self.served.id,
            price=self.served.price,
        )
        tell_end(self.span, ended)
        self.admitted.end(ended)
