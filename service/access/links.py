"""Link accounts of GakuNin RDM and OSF: a token is checked, sealed, and never shown again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from connectors.rdm.models import Account
from connectors.rdm.settings import InstanceName
from contracts.principal import Principal
from service.access.link_info import LinkInfo
from service.access.token_vault import SealedToken, TokenVault
from service.problems import LinkNeedsKey, LinkUnknown, TokenKeysMissing
from service.records.links import LinkRecord, LinkRecords, key_subject

AskAccount = Callable[[InstanceName, SecretStr], Awaitable[Account]]
"""Says whose a token is; raises `RdmTokenRefused` where the instance does not accept it."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Tokens of subjects: of API keys, to see what their owners may read; of sources, to sync.

    A subject has one token for each instance. Links belong to a key, not to the person it was made
    for: who may make keys could otherwise make one that borrows another's account.
    """

    records: LinkRecords
    vault: TokenVault
    ask_account: AskAccount
    now: Callable[[], datetime] = _now

    async def link(self, subject: str, instance: InstanceName, token: SecretStr) -> LinkInfo:
        """Check a token and keep it, in the place of the subject's former one.

        Raises:
            TokenKeysMissing: it could not be sealed; nobody was asked.
            RdmTokenRefused: the instance does not accept it.
            RdmUnavailable: the instance does not answer.
        """
        if not self.vault.keys:
            raise TokenKeysMissing
        account = await self.ask_account(instance, token)
        sealed = self.vault.seal(token, owner=(subject, instance))
        link = LinkRecord(
            subject=subject,
            instance=instance,
            ciphertext=sealed.ciphertext,
            sealed_with=sealed.sealed_with,
            user_id=account.user_id,
            user_name=account.full_name,
            linked_at=self.now(),
        )
        await self.records.remove_of_dead_keys()
        await self.records.save(link)
        return _info(link)

    async def find(self, subject: str, instance: InstanceName) -> LinkInfo | None:
        """Return what may be shown of a link, or None."""
        link = await self.records.find(subject, instance)
        return None if link is None else _info(link)

    async def token(self, subject: str, instance: InstanceName) -> SecretStr | None:
        """Return a subject's token, or None.

        Raises:
            TokenKeysMissing, LinkUnreadable: there is one that cannot be opened.
        """
        link = await self.records.find(subject, instance)
        return None if link is None else self.open(link)

    def open(self, link: LinkRecord) -> SecretStr:
        """Return the token of a link.

        Raises:
            TokenKeysMissing, LinkUnreadable: it cannot be opened.
        """
        return self.vault.open(_sealed(link), owner=(link.subject, link.instance))

    async def list_of(self, subject: str) -> list[LinkInfo]:
        """Return what may be shown of a subject's links, by instance."""
        return [_info(link) for link in await self.records.list_of(subject)]

    async def unlink(self, subject: str, instance: InstanceName) -> None:
        """Forget a link.

        Raises:
            LinkUnknown: there is none.
        """
        if not await self.records.remove(subject, instance):
            raise LinkUnknown(instance)

    async def rotate(self) -> int:
        """Seal every token with the first key; return how many were sealed anew.

        Links of keys that are no longer valid are forgotten on the way. Once this has returned,
        the other keys can be taken out of the settings.

        Raises:
            TokenKeysMissing, LinkUnreadable: a token cannot be opened; those before it are sealed
                anew.
        """
        await self.records.remove_of_dead_keys()
        resealed = [await self._reseal(link) for link in await self.records.list_all()]
        return sum(resealed)

    async def _reseal(self, link: LinkRecord) -> bool:
        if self.vault.is_current(_sealed(link)):
            return False
        sealed = self.vault.seal(self.open(link), owner=(link.subject, link.instance))
        return await self.records.reseal(
            link, ciphertext=sealed.ciphertext, sealed_with=sealed.sealed_with
        )


def subject_of(principal: Principal) -> str:
    """Return whose links a caller's are.

    Raises:
        LinkNeedsKey: it showed no key.
    """
    if principal.key_id is None:
        raise LinkNeedsKey
    return key_subject(principal.key_id)


def _sealed(link: LinkRecord) -> SealedToken:
    return SealedToken(link.sealed_with, link.ciphertext)


def _info(link: LinkRecord) -> LinkInfo:
    return LinkInfo(
        instance=link.instance,
        user_id=link.user_id,
        user_name=link.user_name,
        linked_at=link.linked_at,
    )
