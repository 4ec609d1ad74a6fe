"""What can go wrong between a question and its answer."""

from contracts.problems import Problem


class ProjectUnknown(Problem):
    """Not there, or not readable by the caller: the two are never told apart."""

    kind = "missing"
    code = "project_unknown"

    def __init__(self, project_id: str) -> None:
        super().__init__(
            f"There is no project {project_id!r} that you may read.",
            hint="List the ones you may read: `GET /v1/projects` or `fumikura projects list`.",
            message_ja=f"閲覧できるプロジェクト「{project_id}」はありません。",
        )


class PassageUnknown(Problem):
    """Not there, not readable, or replaced by a newer version of its file."""

    kind = "missing"
    code = "passage_unknown"

    def __init__(self, passage_id: str) -> None:
        super().__init__(
            f"There is no passage {passage_id!r} that you may read.",
            hint="Search again: passages get new ids when their file changes.",
            message_ja="その箇所は見つかりません。ファイルが更新された可能性があります。",
        )


class TextTooLong(Problem):
    """A text over the embedding model's limit."""

    kind = "too_large"
    code = "text_too_long"

    def __init__(self, index: int, *, tokens: int, max_tokens: int) -> None:
        super().__init__(
            f"Text {index} has {tokens} tokens; the embedding model reads {max_tokens}.",
            hint="Split it, for example at paragraphs.",
        )
