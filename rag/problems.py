"""What can go wrong between a question and its passages."""

from contracts.problems import Problem, ServiceUnreachable


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


class CursorUnfit(Problem):
    """The cursor is none of ours, or belongs to another search."""

    kind = "invalid"
    code = "cursor_unfit"

    def __init__(self) -> None:
        super().__init__(
            "This cursor does not belong to this search.",
            hint="Send the search as it was, with the `next_cursor` of its answer unchanged; only"
            " `limit` and `neighbours` may differ. Or begin again without a cursor.",
            message_ja="このカーソルはこの検索のものではありません。同じ条件で、直前の結果の"
            " next_cursor をそのまま指定するか、カーソルなしで検索し直してください。",
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


class NoTokenVectors(Problem):
    """Late interaction was asked for, and the index has no vectors of tokens."""

    kind = "conflict"
    code = "no_token_vectors"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"Passages embedded by {model!r} have no vectors of their tokens.",
            hint="Let the model give them (FUMIKURA_EMBEDDING__COLBERT_URL, or __COLBERT=true) and"
            " index again; or set FUMIKURA_RERANK__KIND=off.",
            message_ja=f"モデル {model} の索引にはトークンごとのベクトルがありません。",
        )


class PassageTooLong(Problem):
    """A stored passage is longer than what the model reads that it is to be embedded by."""

    kind = "conflict"
    code = "passage_too_long"

    def __init__(self, file: str, *, tokens: int, model: str, max_tokens: int) -> None:
        super().__init__(
            f"A passage of {file} has {tokens} tokens, and {model!r} reads {max_tokens}.",
            hint="The index goes on answering as it is. If the model reads more, raise"
            " FUMIKURA_NEXT_EMBEDDING__MAX_TOKENS and start again; else choose one that does, or"
            " make this one FUMIKURA_EMBEDDING, and the files are cut anew by their next sync.",
            message_ja=f"{file} の一節は {tokens} トークンあり、モデル {model} の上限"
            f"（{max_tokens}）を超えています。",
        )


class ClusterUnreachable(Problem):
    """The Ray cluster that was to read the files does not answer, or not any more."""

    kind = "unavailable"
    code = "cluster_unreachable"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The Ray cluster does not answer: {reason}",
            hint="Check `ray status` and FUMIKURA_RAY__ADDRESS, or index with `--engine local`;"
            " what was indexed stays.",
            message_ja="Rayクラスターに接続できません。",
        )


class WorkersDiffer(Problem):
    """Workers of the cluster would cut files in another way than this process does."""

    kind = "conflict"
    code = "workers_differ"

    def __init__(self, *, here: str, there: str) -> None:
        super().__init__(
            f"The workers read files with {there!r}, this process with {here!r}.",
            hint="Install the same version of fumikura on all nodes of the cluster.",
            message_ja="クラスターの各ノードに同じバージョンのfumikuraを導入してください。",
        )


class StoreProcessEnded(ServiceUnreachable):
    """The process that holds the embedded store was killed, and none took its place."""

    code = "store_process_ended"

    def __init__(self) -> None:
        super().__init__(
            "The embedded store",
            reason="its process has ended",
            service_ja="検索用データベース",
        )
        self.hint = (
            "Try again: what was acknowledged is on disk, and a job that was cut off can be run"
            " again. If it comes again, look for 'out of memory' in the system's log."
        )
