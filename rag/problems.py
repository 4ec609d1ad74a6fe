"""What can go wrong between a question and its passages."""

from contracts.problems import Problem


class ProjectUnknown(Problem):
    """The project is not there, or the caller may not read it: no difference is shown."""

    kind = "missing"
    code = "project_unknown"

    def __init__(self, project_id: str) -> None:
        super().__init__(
            f"There is no project {project_id!r} that you may read.",
            hint="List the projects you may read: `GET /v1/projects` or `fumikura projects list`.",
            message_ja=f"閲覧できるプロジェクト「{project_id}」は見つかりません。",
        )


class PassageUnknown(Problem):
    """The passage is not there (any more), or the caller may not read its project."""

    kind = "missing"
    code = "passage_unknown"

    def __init__(self, passage_id: str) -> None:
        super().__init__(
            f"There is no passage {passage_id!r} that you may read.",
            hint="Its file may have changed since: search again and use a `passage_id` of a hit.",
            message_ja="この箇所は見つかりません。ファイルが更新された可能性があります。"
            "もう一度検索してください。",
        )


class AccessEnded(Problem):
    """While an answer was written, its reader lost the right to read what it cites."""

    kind = "conflict"
    code = "access_ended"

    def __init__(self) -> None:
        super().__init__(
            "You may no longer read all the passages that this answer was made from.",
            hint="Ask again: the answer is then made from what you may read now.",
            message_ja="回答の作成中に、引用元の一部を閲覧できなくなりました。"
            "もう一度質問してください。",
        )


class StoreLocked(Problem):
    """Another process holds the embedded store: only one may."""

    kind = "conflict"
    code = "store_locked"

    def __init__(self, folder: str, *, pid: int | None) -> None:
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(
            f"The store in {folder} is in use by {holder}.",
            hint="If that is `fumikura serve`, talk to the running service instead (give its URL),"
            " or stop it first.",
            message_ja=f"索引 {folder} は別のプロセスが使用中です。",
        )


class EmbeddingModelChanged(Problem):
    """The store was made for vectors of another model or length."""

    kind = "conflict"
    code = "embedding_model_changed"

    def __init__(self, store: str, *, holds: str, asked: str) -> None:
        super().__init__(
            f"{store} holds vectors of {holds}, but the embedding model is now {asked}.",
            hint="Go back to the former model, or name the new model differently and index again.",
        )
