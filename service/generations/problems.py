"""What stands in the way of the move to another embedding model."""

from contracts.problems import Problem
from rag.reembedding import Verification


class ActiveModelMissing(Problem):
    """The index was made by a model that no setting names: searching another would find nothing."""

    kind = "conflict"
    code = "active_model_missing"

    def __init__(self, active: str, configured: list[str]) -> None:
        super().__init__(
            f"The index that answers was made by {active!r}; configured is"
            f" {' and '.join(configured)}.",
            hint=f"Name {active!r} in FUMIKURA_EMBEDDING__… again. To move to another model, name"
            " that in FUMIKURA_NEXT_EMBEDDING__… and run `fumikura reembed start`.",
            message_ja=f"検索用の索引はモデル「{active}」で作成されていますが、設定されていません。",
        )


class NextModelMissing(Problem):
    """There is no other model in the settings to move to, or not the one that it is about."""

    kind = "conflict"
    code = "next_model_missing"

    def __init__(self, model: str | None = None) -> None:
        named = "another model" if model is None else repr(model)
        super().__init__(
            f"The settings of this service do not name {named}.",
            hint=f"Name {named} in FUMIKURA_NEXT_EMBEDDING__… (BASE_URL, MODEL, DIMENSIONS, …) in"
            " every process of the service, and start it again.",
            message_ja="移行先の埋め込みモデルが設定されていません（FUMIKURA_NEXT_EMBEDDING__…）。",
        )


class ReembeddingUnfit(Problem):
    """What was asked for does not fit the state of the move to another model."""

    kind = "conflict"
    code = "reembedding_unfit"

    def __init__(self, order: str, *, reason: str, advice: str) -> None:
        super().__init__(
            f"{order!r} cannot be done now: {reason}.",
            hint=f"{advice} See `fumikura reembed status`.",
            message_ja=f"現在の状態では「{order}」を実行できません。"
            "`fumikura reembed status` で確認してください。",
        )


class VerificationFailed(Problem):
    """The collection that was filled does not hold or find what it should; it does not answer."""

    kind = "conflict"
    code = "verification_failed"

    def __init__(self, found: str) -> None:
        super().__init__(
            f"The collection that was filled is not as it should be: {found}.",
            hint="The index goes on answering as it is. Sync the projects that differ, run"
            " `fumikura reembed start` again; if that does not help, `drop` it and look at the"
            " model's server.",
            message_ja="作成した索引の検証に失敗しました。現在の索引はそのまま使用できます。",
        )


class ReembeddingFailed(Problem):
    """The move stopped for a reason that nobody foresaw."""

    kind = "unavailable"
    code = "reembedding_failed"

    def __init__(self) -> None:
        super().__init__(
            "The move to another model stopped because of an error in the service.",
            hint="Ask for it again; if it fails the same way, look at the service's log, which"
            " names the error.",
            message_ja="サービスの内部エラーにより、埋め込みモデルの移行が中断しました。",
        )


def failed(verification: Verification) -> VerificationFailed:
    """Return why a collection may not answer."""
    if verification.differing:
        first = verification.differing[0]
        return VerificationFailed(
            f"project {first.project_id!r} has {first.target} passages there and {first.source} now"
            f" ({len(verification.differing)} of {verification.projects} projects differ)"
        )
    return VerificationFailed(
        f"{verification.found} of {verification.asked} passages are found by their own text"
    )
