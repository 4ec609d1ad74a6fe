"""Errors that tell their reader the next step, in one form for every surface."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel

Kind = Literal[
    "invalid",
    "unauthenticated",
    "forbidden",
    "missing",
    "conflict",
    "too_large",
    "limited",
    "unavailable",
]
"""What a caller can do about it; each surface maps it once (status, `is_error`, exit code)."""


class ProblemBody(BaseModel, frozen=True):
    """A problem as it is sent: never holds a secret or the content of a file."""

    code: str
    kind: Kind
    message: str
    message_ja: str | None = None
    hint: str
    retry_after_s: float | None = None


class Problem(Exception):
    """An expected failure. A bug is not a problem: let it rise."""

    kind: ClassVar[Kind]
    code: ClassVar[str]

    def __init__(
        self,
        message: str,
        *,
        hint: str,
        message_ja: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        """Take the sentence, the next step, and for errors that researchers meet the Japanese."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.message_ja = message_ja
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes as it is: the facts that it was made of are not kept."""
        return _as_it_was, (type(self), self.args, self.__dict__)

    def body(self) -> ProblemBody:
        """Return what every surface shows."""
        return ProblemBody(
            code=self.code,
            kind=self.kind,
            message=self.message,
            message_ja=self.message_ja,
            hint=self.hint,
            retry_after_s=self.retry_after_s,
        )


def _as_it_was(
    kind_of: type[Problem], arguments: tuple[object, ...], facts: Mapping[str, object]
) -> Problem:
    problem = kind_of.__new__(kind_of, *arguments)
    vars(problem).update(facts)
    return problem


class NotAllowed(Problem):
    """The key is valid and lacks a scope."""

    kind = "forbidden"
    code = "scope_missing"

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"This key does not have the scope {scope!r}.",
            hint=f"Ask an operator for a key with it: `fumikura keys create --scope {scope}`.",
            message_ja=f"このキーには権限「{scope}」がありません。",
        )


class InvalidRequest(Problem):
    """A request that does not fit its model; says which field and why."""

    kind = "invalid"
    code = "invalid_request"

    def __init__(
        self, message: str, *, hint: str = "Compare it with the schema in `/openapi.json`."
    ) -> None:
        super().__init__(message, hint=hint)


class ServiceUnreachable(Problem):
    """Another service that this one needs did not answer."""

    kind = "unavailable"
    code = "service_unreachable"

    def __init__(
        self,
        service: str,
        *,
        reason: str,
        service_ja: str = "必要なサービス",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(
            f"{service} did not answer: {reason}.",
            hint="Run `fumikura doctor` to see what is configured and reachable; then try again.",
            message_ja=f"{service_ja}から応答がありません。しばらくしてから再度お試しください。",
            retry_after_s=retry_after_s,
        )
