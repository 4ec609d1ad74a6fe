"""Ways to get access wrong, each a real implementation of what it takes the place of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from connectors.rdm.models import Readable
from connectors.rdm.problems import RdmTokenRefused
from connectors.rdm.settings import InstanceName
from contracts.principal import Principal
from rag.ports import KnownProject
from service.access.rdm_readers import RdmReaders
from service.access.recorded import Recorded, RecordedAccess
from service.keys import EVERY_PROJECT
from service.records.links import LinkRecord
from tests.acl.house import Wiring


@dataclass(frozen=True, slots=True, kw_only=True)
class _ParentsCount(RdmReaders):
    """Takes whoever may read a project for one who may read its components."""

    async def readable(self, link: LinkRecord, *, registrations: bool) -> Readable:
        told = await RdmReaders.readable(self, link, registrations=registrations)
        return replace(told, administered=told.contributed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _RefusalIsNoNews(RdmReaders):
    """Goes on with what a token could read before it was refused."""

    told: dict[bytes, Readable] = field(default_factory=dict[bytes, Readable])

    async def readable(self, link: LinkRecord, *, registrations: bool) -> Readable:
        try:
            now = await RdmReaders.readable(self, link, registrations=registrations)
        except RdmTokenRefused:
            if link.ciphertext not in self.told:
                raise
            return self.told[link.ciphertext]
        self.told[link.ciphertext] = now
        return now


@dataclass(frozen=True, slots=True, kw_only=True)
class _OncePublic(RdmReaders):
    """Takes what was public once for public."""

    async def public_among(self, instance: InstanceName, nodes: frozenset[str]) -> frozenset[str]:
        return nodes | await RdmReaders.public_among(self, instance, nodes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _LetsAllThrough(RecordedAccess):
    """Filters nothing, neither before a search nor after it."""

    async def readable_projects(
        self, principal: Principal, among: Collection[str] | None = None
    ) -> list[KnownProject]:
        assert principal is not None
        return [
            KnownProject(each.project_id, each.title, each.indexed_at)
            for each in await self.projects.list_records()
            if among is None or each.project_id in among
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _IgnoresGrants(RecordedAccess):
    """Asks RDM, and not what the key was granted."""

    async def granted(self, principal: Principal) -> frozenset[str]:
        assert principal is not None
        return frozenset({EVERY_PROJECT})

    async def _recorded(self, principal: Principal) -> Recorded:
        recorded = await RecordedAccess._recorded(self, principal)  # noqa: SLF001 - its own base
        return replace(recorded, granted=frozenset({EVERY_PROJECT}))


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnlinkedCounts(RecordedAccess):
    """Goes on with a link that was taken away."""

    seen: dict[str | None, dict[InstanceName, LinkRecord]] = field(
        default_factory=dict[str | None, dict[InstanceName, LinkRecord]]
    )

    async def _recorded(self, principal: Principal) -> Recorded:
        recorded = await RecordedAccess._recorded(self, principal)  # noqa: SLF001 - its own base
        kept = self.seen.setdefault(principal.key_id, {})
        kept.update(recorded.links)
        return replace(recorded, links=kept)


def _with_readers(kind: type[RdmReaders]) -> Wiring:
    def spoil(access: RecordedAccess) -> RecordedAccess:
        told = access.readers
        readers = kind(
            links=told.links, questions=told.questions, accounts=told.accounts, public=told.public
        )
        return replace(access, readers=readers)

    return Wiring(access=spoil)


def _with_access(kind: type[RecordedAccess]) -> Wiring:
    def spoil(access: RecordedAccess) -> RecordedAccess:
        return kind(projects=access.projects, keys=access.keys, readers=access.readers)

    return Wiring(access=spoil)


MUTANTS: Final[Mapping[str, Wiring]] = MappingProxyType(
    {
        "readers of a project read its components": _with_readers(_ParentsCount),
        "what RDM said counts for ever": Wiring(max_age_s=float("inf")),
        "a refused token reads on": _with_readers(_RefusalIsNoNews),
        "everything passes the filter": _with_access(_LetsAllThrough),
        "public once is public for ever": _with_readers(_OncePublic),
        "what a key was granted is ignored": _with_access(_IgnoresGrants),
        "an unlinked account reads on": _with_access(_UnlinkedCounts),
    }
)
