"""What can go wrong between this service and GakuNin RDM or OSF."""

from typing import Final, Literal

from connectors.rdm.settings import InstanceName
from contracts.problems import Problem

Role = Literal["API", "file server", "web server"]
"""Which of an instance's hosts was asked; storage that a download is sent on to is its files'."""

NAMES: Final[dict[InstanceName, str]] = {"rdm": "GakuNin RDM", "osf": "OSF"}


class RdmUnavailable(Problem):
    """Nothing can be said of what was asked for: no answer, or none that this host would give."""

    kind = "unavailable"
    code = "rdm_unavailable"

    def __init__(
        self, name: InstanceName, role: Role, *, reason: str, retry_after_s: float | None = None
    ) -> None:
        super().__init__(
            f"{NAMES[name]}'s {role} gave no usable answer: {reason}.",
            hint="Try again in a while; what was indexed before stays as it was.",
            message_ja=f"{NAMES[name]} から正しい応答がありません。"
            "しばらくしてから再度お試しください。",
            retry_after_s=retry_after_s,
        )


class RdmTokenRefused(Problem):
    """The token is wrong, revoked or expired: whatever was known by it is not known any more."""

    kind = "forbidden"
    code = "rdm_token_refused"

    def __init__(self, name: InstanceName) -> None:
        super().__init__(
            f"{NAMES[name]} does not accept the token.",
            hint=f"Make a new personal access token in {NAMES[name]}'s settings and give that one;"
            f" a linked one is replaced by `fumikura links add {name}`, or taken away by"
            f" `fumikura links remove {name}`.",
            message_ja=f"{NAMES[name]} がトークンを受け付けません。"
            "新しいトークンを登録し直してください。",
        )


class RdmForbidden(Problem):
    """It is there, and private to others than the one who asks."""

    kind = "forbidden"
    code = "rdm_forbidden"

    def __init__(self, name: InstanceName) -> None:
        super().__init__(
            f"{NAMES[name]} does not let this account read it.",
            hint="Ask an administrator of the project to add the account as a contributor, or use"
            " a token with the scope `osf.full_read`.",
            message_ja=f"{NAMES[name]} 上でこれを読む権限がありません。",
        )


class RdmGone(Problem):
    """It is not there: never was, or was deleted."""

    kind = "missing"
    code = "rdm_gone"

    def __init__(self, name: InstanceName, *, status: int) -> None:
        self.is_deleted = status == 410
        what = "has deleted or suspended it" if self.is_deleted else "does not know it"
        super().__init__(
            f"{NAMES[name]} {what}.",
            hint="Compare the id with the address of the project's page, and see that the page"
            " still opens.",
            message_ja=f"{NAMES[name]} に見つからないか、削除されています。",
        )


class RdmBudgetSpent(Problem):
    """No further request may be sent for this token today."""

    kind = "limited"
    code = "rdm_budget_spent"

    def __init__(self, *, retry_after_s: float) -> None:
        super().__init__(
            "The day's requests to RDM for this account are used up.",
            hint="Wait until midnight UTC, when the count begins anew; to sync more seldom, or"
            " fewer projects at once, saves requests.",
            message_ja="このアカウントの本日分の RDM へのリクエスト数を使い切りました。"
            "明日(UTC)まで待ってください。",
            retry_after_s=retry_after_s,
        )


class RdmRequestRefused(Problem):
    """The request itself is not taken, so that nothing is learnt of what was asked for."""

    kind = "unavailable"
    code = "rdm_request_refused"

    def __init__(self, name: InstanceName, role: Role, *, reason: str) -> None:
        super().__init__(
            f"{NAMES[name]}'s {role} does not take the request: {reason}.",
            hint="Check the instance's addresses in the settings; if they are right, report it,"
            " with this message, as a fault of fumikura.",
            message_ja=f"{NAMES[name]} がリクエストを受け付けません。設定を確認してください。",
        )
