"""What can go wrong between a caller and a model."""

from collections.abc import Sequence

from contracts.problems import Problem


class ModelUnknown(Problem):
    """No model of this name that the key is for."""

    kind = "missing"
    code = "model_not_found"

    def __init__(self, *, near: Sequence[str]) -> None:
        meant = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
        super().__init__(
            "There is no model of this name for this key.",
            hint=f"{meant}`GET /v1/models` lists those there are.",
            message_ja="この名前のモデルはありません。",
        )


class TaskUnfit(Problem):
    """The model is there, and made for something else."""

    kind = "invalid"
    code = "model_unfit"

    def __init__(self, *, model: str, task: str, endpoint: str) -> None:
        super().__init__(
            f"The model {model!r} is for {task}: {endpoint} is not.",
            hint="`GET /v1/models` says what each model is for.",
            message_ja=f"モデル「{model}」はこの用途には使えません。",
        )


class RequestUnreadable(Problem):
    """The body is not what this endpoint takes."""

    kind = "invalid"
    code = "request_unreadable"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The request cannot be read: {reason}.",
            hint="Send what OpenAI's API documents for this endpoint.",
        )


class FieldRefused(Problem):
    """A field that is not handed on to models."""

    kind = "invalid"
    code = "field_refused"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(
            f"{field}: {reason}.",
            hint="Leave it out, or send what OpenAI's API documents for this endpoint.",
        )
        self.field = field


class BodyOverLimit(Problem):
    """The request is larger than the gateway reads."""

    kind = "too_large"
    code = "body_too_large"

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"The request is larger than {limit:,} bytes.",
            hint="Send less at once; audio can be cut or compressed, images made smaller.",
            message_ja=f"リクエストが大きすぎます（上限 {limit:,} バイト）。",
        )


class RouteUnknown(Problem):
    """Nothing is served at this path."""

    kind = "missing"
    code = "route_unknown"

    def __init__(self) -> None:
        super().__init__(
            "Nothing is served at this path with this method.",
            hint="The paths are those of OpenAI's API, below `/v1`.",
        )


class ModelAway(Problem):
    """No replica of the model answers."""

    kind = "unavailable"
    code = "model_away"

    def __init__(self, model: str, *, retry_after_s: float) -> None:
        super().__init__(
            f"No replica of the model {model!r} answers now.",
            hint="Try again after the time in `Retry-After`; operators: `fumikura doctor`.",
            message_ja=f"モデル「{model}」は現在応答していません。しばらくしてから再度お試しください。",
            retry_after_s=retry_after_s,
        )


class ModelWarming(Problem):
    """The model is being started, and too many wait for it already, or for too long."""

    kind = "unavailable"
    code = "model_warming"

    def __init__(self, model: str, *, retry_after_s: float) -> None:
        super().__init__(
            f"The model {model!r} is being started.",
            hint="Try again after the time in `Retry-After`, or send `stream: true` to wait.",
            message_ja=f"モデル「{model}」を起動しています。しばらくしてから再度お試しください。",
            retry_after_s=retry_after_s,
        )


class RuntimeRefused(Problem):
    """The model server does not take what the gateway sends: a matter of its operator's."""

    kind = "unavailable"
    code = "runtime_refused"

    def __init__(self, model: str, *, status: int) -> None:
        super().__init__(
            f"The server of the model {model!r} refused the request (HTTP {status}).",
            hint="An operator should check its name, key and version: `fumikura models check`.",
            message_ja=f"モデル「{model}」のサーバーが要求を拒否しました（HTTP {status}）。",
        )


class AnswerBrokeOff(Problem):
    """The model's answer ended in the middle, or was none."""

    kind = "unavailable"
    code = "answer_broke_off"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"The answer of the model {model!r} broke off.",
            hint="Ask again: what was sent until then counts.",
            message_ja=f"モデル「{model}」の応答が途中で切れました。",
        )


class DeadlinePassed(Problem):
    """The model took longer than the caller waits."""

    kind = "unavailable"
    code = "deadline_passed"

    def __init__(self, *, deadline_s: float) -> None:
        super().__init__(
            f"The model did not end within {deadline_s:g} s.",
            hint="Ask for fewer tokens, or wait longer: `x-fumikura-timeout-s`.",
            message_ja=f"モデルの応答が {deadline_s:g} 秒以内に終わりませんでした。",
        )
