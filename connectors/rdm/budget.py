"""How many requests may be sent for one token: RDM's throttles, kept below."""

from typing import Protocol


class RequestBudget(Protocol):
    """Shared by everything that uses one token, also by other processes, and across restarts."""

    async def take(self) -> None:
        """Return when one more request may be sent.

        Raises:
            RdmBudgetSpent: the day's requests are used up; carries `retry_after_s`.
        """
        ...
