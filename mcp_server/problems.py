"""What can go wrong with a tool call as such; all else is a problem of the desk."""

from contracts.problems import Problem


class ToolFailed(Problem):
    """A bug: what it was stands in the log of the service, and nowhere else."""

    kind = "unavailable"
    code = "internal_error"

    def __init__(self, tool: str) -> None:
        super().__init__(
            f"The tool {tool!r} failed by a fault of the service.",
            hint="Trying again will hardly help: tell the operator, whose log says where it was.",
            message_ja=f"ツール「{tool}」はサービスの不具合により失敗しました。",
        )


class CallRefused(Problem):
    """A server answered a tool call with a problem of its own."""

    kind = "invalid"
    code = "tool_call_refused"

    def __init__(self, tool: str, answer: str) -> None:
        super().__init__(
            f"The tool {tool!r} answered: {answer}",
            hint="Its answer says what to do.",
            message_ja=f"ツール「{tool}」の呼び出しは受け付けられませんでした。",
        )
