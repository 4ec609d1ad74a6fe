"""What can go wrong with a model server that is started here."""

from pathlib import Path

from contracts.problems import Problem


class RuntimeFailed(Problem):
    """It ended before it was ready, never became ready, or did not answer its first request."""

    kind = "unavailable"
    code = "runtime_failed"

    def __init__(self, model: str, *, reason: str, log: Path, exit_code: int | None = None) -> None:
        ended = "" if exit_code is None else f" (exit code {exit_code})"
        super().__init__(
            f"The server of the model {model!r} does not run: {reason}{ended}.",
            hint=f"Its last lines are at the end of {log}.",
            message_ja=f"モデル「{model}」のサーバーを起動できませんでした。",
        )
        self.exit_code = exit_code
        self.log = log


class ProgramMissing(Problem):
    """The program that would serve the model is not here."""

    kind = "unavailable"
    code = "runtime_program_missing"

    def __init__(self, program: str, *, hint: str) -> None:
        super().__init__(
            f"{program} is not installed here.",
            hint=hint,
            message_ja=f"「{program}」が導入されていません。",
        )


class WeightsUnfit(Problem):
    """The weights are not what the runtime loads."""

    kind = "invalid"
    code = "weights_unfit"

    def __init__(self, model: str, *, reason: str) -> None:
        super().__init__(
            f"The model {model!r} cannot be served: {reason}.",
            hint="Say where its weights lie: a folder, or for llama.cpp one GGUF file.",
            message_ja=f"モデル「{model}」の重みを読み込めません。",
        )


class ArgumentRefused(Problem):
    """An argument that would open the server to others, or hide it from whoever started it."""

    kind = "invalid"
    code = "runtime_argument_refused"

    def __init__(self, model: str, argument: str) -> None:
        super().__init__(
            f"The model {model!r} may not be served with {argument}.",
            hint="Whoever starts a server says its address, name and weights: leave it out.",
            message_ja=f"モデル「{model}」に引数「{argument}」は指定できません。",
        )
