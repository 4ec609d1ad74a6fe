"""A schema that no model can be held to, and an answer that does not fit its schema."""

from contracts.problems import Problem


class SchemaUnsupported(Problem):
    """A part of a schema that model servers do not follow."""

    kind = "invalid"
    code = "schema_unsupported"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"The schema at {place[:200] or '/'} cannot be followed: {reason}.",
            hint="Write it with type, properties, required, items, enum, const, anyOf, $ref,"
            " format, pattern and bounds.",
            message_ja="このJSONスキーマには対応していません。",
        )


class AnswerUnfit(Problem):
    """The model was asked twice, and twice gave what does not fit."""

    kind = "unavailable"
    code = "answer_unfit"

    def __init__(self, model: str, *, reason: str) -> None:
        super().__init__(
            f"The model {model!r} did not answer as the schema asks: {reason}.",
            hint="Ask again, allow more tokens, or make the schema simpler.",
            message_ja=f"モデル「{model}」の応答がスキーマに合いませんでした。",
        )
