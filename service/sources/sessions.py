"""With whose eyes a source is read: its own token, else the service's, else anybody's."""

from dataclasses import dataclass

from pydantic import SecretStr

from connectors.rdm.client import RdmSession
from connectors.rdm.links import node_page
from connectors.rdm.settings import InstanceName
from service.access.links import Links
from service.rdm_sessions import RdmSessions
from service.records.links import source_subject


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSessions:
    """Opens sessions for sources."""

    sessions: RdmSessions
    links: Links

    async def open(self, source_id: str, name: InstanceName) -> RdmSession:
        """Return a session that reads a source.

        Raises:
            TokenKeysMissing, LinkUnreadable: it has a token of its own that cannot be opened.
        """
        return self.sessions.open(name, await self._token(source_id, name))

    def open_with(self, name: InstanceName, token: SecretStr) -> RdmSession:
        """Return a session with a token that is not kept, or not yet."""
        return self.sessions.open(name, token)

    def page(self, name: InstanceName, node: str) -> str:
        """Return the page of a node, for people."""
        return node_page(str(self.sessions.clients[name].settings.web_url), node)

    async def used_today(self, source_id: str, name: InstanceName) -> int:
        """Return how many requests were sent today (UTC) with the token that reads a source."""
        return await self.sessions.used_today(name, await self._token(source_id, name))

    async def _token(self, source_id: str, name: InstanceName) -> SecretStr | None:
        own = await self.links.token(source_subject(source_id), name)
        return own or self.sessions.default_token(name)
