"""What can go wrong with the records of usage."""

from contracts.problems import Problem


class UsageNotKept(Problem):
    """Records cannot be written, so that no call may begin."""

    kind = "unavailable"
    code = "usage_not_kept"

    def __init__(self) -> None:
        super().__init__(
            "What calls of models use cannot be recorded now, so none is made.",
            hint="An operator should look at the disk of the data folder; then try again.",
            message_ja="利用記録を書き込めないため、モデルを呼び出せません。",
            retry_after_s=10.0,
        )


class MonthUnreadable(Problem):
    """No month."""

    kind = "invalid"
    code = "month_unreadable"

    def __init__(self, given: str) -> None:
        super().__init__(
            f"{given[:20]!r} is no month.",
            hint="Write year and month, such as 2026-11.",
            message_ja="月は 2026-11 のように指定してください。",
        )


class DaysUnfit(Problem):
    """No days, or in no order."""

    kind = "invalid"
    code = "days_unfit"

    def __init__(self) -> None:
        super().__init__(
            "These are no days from one to a later one.",
            hint="Write both, the earlier one first, such as 2026-11-01 and 2026-11-30.",
            message_ja="期間は 2026-11-01 と 2026-11-30 のように、早い日から指定してください。",
        )


class SpanAmbiguous(Problem):
    """Neither a month nor days, or both."""

    kind = "invalid"
    code = "span_ambiguous"

    def __init__(self) -> None:
        super().__init__(
            "It is not clear which calls are meant.",
            hint="Give either `month`, such as 2026-11, or both `from` and `to`.",
            message_ja="`month`（例：2026-11）か、`from` と `to` の両方を指定してください。",
        )
