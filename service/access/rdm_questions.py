"""Ask RDM about accounts: whose a token is, what its owner may read, what everybody may."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from connectors.rdm.api import RdmApi
from connectors.rdm.models import Account, Readable
from connectors.rdm.settings import InstanceName, RdmSettings
from service.access.links import AskAccount
from service.rdm_sessions import RdmSessions, open_rdm_sessions
from service.request_budgets import RequestBudgets


@dataclass(frozen=True, slots=True)
class AskedRdm:
    """Implements `service.access.rdm_readers.RdmQuestions`."""

    sessions: RdmSessions

    async def readable(
        self, instance: InstanceName, token: SecretStr, *, registrations: bool
    ) -> Readable:
        api = RdmApi(self.sessions.open(instance, token))
        return await api.readable(registrations=registrations)

    async def public_among(self, instance: InstanceName, nodes: frozenset[str]) -> frozenset[str]:
        """Ask as the service itself, in nobody's name; not where nothing is ever public."""
        if not self.sessions.clients[instance].settings.has_public_projects:
            return frozenset()
        token = self.sessions.default_token(instance)
        return await RdmApi(self.sessions.open(instance, token)).public_among(nodes)


def account_asker(
    settings: Mapping[InstanceName, RdmSettings], budgets: RequestBudgets
) -> AskAccount:
    """Return how to ask whose a token is; it is asked seldom, over a connection of its own."""

    async def ask_account(instance: InstanceName, token: SecretStr) -> Account:
        async with open_rdm_sessions({instance: settings[instance]}, budgets) as sessions:
            return await RdmApi(sessions.open(instance, token)).account()

    return ask_account
