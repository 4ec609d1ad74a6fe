"""Sessions with an instance of RDM, each within the budget of its token."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from connectors.rdm.client import RdmClient, RdmSession, open_rdm
from connectors.rdm.settings import InstanceName, RdmSettings
from service.request_budgets import RequestBudgets


@dataclass(frozen=True, slots=True, kw_only=True)
class RdmSessions:
    """One connection pool for each instance, shared by all that read it."""

    clients: Mapping[InstanceName, RdmClient]
    budgets: RequestBudgets

    def open(self, name: InstanceName, token: SecretStr | None) -> RdmSession:
        """Return a session as the token's owner, or as anybody."""
        client = self.clients[name]
        return client.session(token, self.budgets.of(name, client.settings, token))

    def default_token(self, name: InstanceName) -> SecretStr | None:
        """Return the token that reads sources which have none of their own."""
        return self.clients[name].settings.token

    async def used_today(self, name: InstanceName, token: SecretStr | None) -> int:
        """Return how many requests were sent today (UTC) with a token."""
        return await self.budgets.of(name, self.clients[name].settings, token).used_today()


@asynccontextmanager
async def open_rdm_sessions(
    settings: Mapping[InstanceName, RdmSettings], budgets: RequestBudgets
) -> AsyncGenerator[RdmSessions]:
    """Open a pool for each instance; nothing is asked until a session is used."""
    async with AsyncExitStack() as stack:
        clients: dict[InstanceName, RdmClient] = {
            name: await stack.enter_async_context(open_rdm(chosen, name))
            for name, chosen in settings.items()
        }
        yield RdmSessions(clients=clients, budgets=budgets)
