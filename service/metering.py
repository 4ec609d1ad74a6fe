"""Calls of models are let begin within limits, and are recorded when they end."""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.gateway.ports import Admitted, Call, Caller, Ended
from service.callers import KeyCaller
from service.limits.limiting import Held, Limiting
from service.usage.journal import Journal
from service.usage.meters import ModelMeters
from service.usage.record import record_of, utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Metering:
    """Implements `inference.gateway.ports.Meter`."""

    limits: Limiting
    journal: Journal
    meters: ModelMeters

    async def admit(self, caller: Caller, call: Call) -> Admitted:
        """See the port.

        Raises:
            LimitReached: a limit of the key or of its person does not allow it.
            UsageNotKept: what it uses could not be recorded.
            ServiceUnreachable: the database does not answer.
        """
        if not isinstance(caller, KeyCaller):
            raise TypeError("limits are those of keys")
        self.journal.check()
        held = await self.limits.take(caller, call)
        return _Metered(self, caller, call, held)


@dataclass(frozen=True, slots=True)
class _Metered:
    """Implements `inference.gateway.ports.Admitted`."""

    metering: Metering
    caller: KeyCaller
    call: Call
    held: Held

    @property
    def headers(self) -> Sequence[tuple[bytes, bytes]]:
        return self.held.headers

    def end(self, ended: Ended) -> None:
        self.held.settle(ended.used, ended.price)
        record = record_of(self.caller, self.call, ended, now=utc_now())
        self.metering.journal.append(record)
        self.metering.meters.observe(record, held_s=ended.held_s)
