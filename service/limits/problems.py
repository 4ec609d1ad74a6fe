"""A limit that is reached, and when it is free again."""

import math
from typing import Final, Literal

from contracts.problems import Problem

Whose = Literal["key", "person"]
LimitName = Literal[
    "requests_per_minute",
    "tokens_per_minute",
    "tokens_per_day",
    "tokens_per_month",
    "yen_per_day",
    "yen_per_month",
    "streams",
]
"""The fields of `service.limits.spans.Limits`."""

_EN: Final[dict[LimitName, str]] = {
    "requests_per_minute": "calls in a minute",
    "tokens_per_minute": "tokens in a minute",
    "tokens_per_day": "tokens in a day",
    "tokens_per_month": "tokens in a month",
    "yen_per_day": "yen in a day",
    "yen_per_month": "yen in a month",
    "streams": "calls at once",
}
_JA: Final[dict[LimitName, str]] = {
    "requests_per_minute": "1分あたりの呼び出し回数",
    "tokens_per_minute": "1分あたりのトークン数",
    "tokens_per_day": "1日あたりのトークン数",
    "tokens_per_month": "1か月あたりのトークン数",
    "yen_per_day": "1日あたりの金額",
    "yen_per_month": "1か月あたりの金額",
    "streams": "同時呼び出し数",
}

_OWNERS: Final[dict[Whose, tuple[str, str]]] = {
    "key": ("this key", "このキー"),
    "person": ("all your keys together", "ご利用のすべてのキーの合計で、1人あたり"),
}


class LimitReached(Problem):
    """A key, or all keys of a person together, may use no more now."""

    kind = "limited"
    code = "limit_reached"

    def __init__(self, name: LimitName, *, whose: Whose, most: int, retry_after_s: float) -> None:
        owner, owner_ja = _OWNERS[whose]
        again_s = math.ceil(retry_after_s)
        super().__init__(
            f"The limit of {most:,} {_EN[name]} for {owner} is reached ({name}).",
            hint=f"Try again in {again_s:,} s (`Retry-After`), or ask an operator for more.",
            message_ja=f"{owner_ja}の{_JA[name]}の上限({most:,})に達しました。",
            retry_after_s=retry_after_s,
        )
        self.name = name
