"""What RDM shows a linked account, and what everybody: asked there, kept for a minute at most."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from pydantic import SecretStr

from connectors.rdm.models import Readable
from connectors.rdm.problems import RdmBudgetSpent, RdmGone, RdmTokenRefused, RdmUnavailable
from connectors.rdm.settings import InstanceName
from service.access.fresh_answers import FreshAnswers, since_boot
from service.access.links import Links
from service.records.links import LinkRecord

MAX_AGE_S: Final = 60.0
DEADLINE_S: Final = 20.0
"""A person waits for it; below `MAX_AGE_S`, so that no answer is older when it comes."""

AnswerT = TypeVar("AnswerT")
AccountKey = tuple[InstanceName, bytes, bool]
"""An instance, the seal of a link, and whether registrations count."""
PublicKey = tuple[InstanceName, frozenset[str]]


class RdmQuestions(Protocol):
    """Asks an instance of RDM. Raises `Problem`s only: an instance that is away, or refuses."""

    async def readable(
        self, instance: InstanceName, token: SecretStr, *, registrations: bool
    ) -> Readable:
        """Return what a token's owner contributes to."""
        ...

    async def public_among(self, instance: InstanceName, nodes: frozenset[str]) -> frozenset[str]:
        """Return which of the nodes everybody may read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RdmReaders:
    """Asks each thing once for all who wait for it.

    Answers about an account are kept under the seal of its link: one that is unlinked or linked
    anew, in whatever process, is asked for again at once, and what a refused token could read is
    not kept.
    """

    links: Links
    questions: RdmQuestions
    accounts: FreshAnswers[AccountKey, Readable]
    public: FreshAnswers[PublicKey, frozenset[str]]

    async def readable(self, link: LinkRecord, *, registrations: bool) -> Readable:
        """Return what the linked account may read.

        Raises:
            RdmTokenRefused: its token is not valid any more.
            RdmUnavailable: the instance cannot say.
            TokenKeysMissing, LinkUnreadable: the token cannot be opened here.
        """

        async def ask() -> Readable:
            token = self.links.open(link)
            return await self.questions.readable(link.instance, token, registrations=registrations)

        key = (link.instance, link.ciphertext, registrations)
        return await _answered(link.instance, self.accounts.get(key, ask))

    async def public_among(self, instance: InstanceName, nodes: frozenset[str]) -> frozenset[str]:
        """Return which of the nodes everybody may read.

        Raises:
            RdmUnavailable: the instance cannot say, or refuses the service's own token: about that
                the caller can do nothing.
        """

        async def ask() -> frozenset[str]:
            return await self.questions.public_among(instance, nodes)

        try:
            return await _answered(instance, self.public.get((instance, nodes), ask))
        except RdmTokenRefused as error:
            reason = "the service's own token is refused"
            raise RdmUnavailable(instance, "API", reason=reason) from error


@asynccontextmanager
async def open_readers(
    links: Links,
    questions: RdmQuestions,
    *,
    clock: Callable[[], float] = since_boot,
    max_age_s: float = MAX_AGE_S,
    deadline_s: float = DEADLINE_S,
) -> AsyncGenerator[RdmReaders]:
    """Keep answers until the block ends, which stops the questions that are still open."""
    accounts = FreshAnswers[AccountKey, Readable](
        max_age_s=max_age_s, deadline_s=deadline_s, clock=clock
    )
    public = FreshAnswers[PublicKey, frozenset[str]](
        max_age_s=max_age_s, deadline_s=deadline_s, clock=clock
    )
    try:
        yield RdmReaders(links=links, questions=questions, accounts=accounts, public=public)
    finally:
        await accounts.aclose()
        await public.aclose()


async def _answered(instance: InstanceName, answer: Awaitable[AnswerT]) -> AnswerT:
    """Wait for an answer; none for today, or for now, is an instance that is away."""
    try:
        return await answer
    except TimeoutError as error:
        raise RdmUnavailable(instance, "API", reason="it took too long") from error
    except RdmBudgetSpent as error:
        raise RdmUnavailable(
            instance,
            "API",
            reason="the day's requests of this account are used up",
            retry_after_s=error.retry_after_s,
        ) from error
    except RdmGone as error:  # what every account has: it was not this instance that answered
        raise RdmUnavailable(instance, "API", reason="it does not know the account") from error
