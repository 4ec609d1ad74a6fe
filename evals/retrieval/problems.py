"""What can be wrong with a test collection, a saved run, or what an evaluation needs."""

from contracts.problems import Problem


class CollectionMissing(Problem):
    """A folder that is no test collection and holds none, or lacks one of the three files."""

    kind = "missing"
    code = "collection_file_missing"

    def __init__(self, folder: str, *, wanted: str) -> None:
        super().__init__(
            f"{folder} has no {wanted}.",
            hint="Name a folder with corpus.jsonl, queries.jsonl (or both with .gz) and qrels.tsv,"
            " or a folder of such folders; docs/evaluation.md shows one.",
            message_ja=f"{folder} に {wanted} がありません。",
        )


class CollectionMalformed(Problem):
    """A line, or a whole file, of a test collection that cannot be what was meant."""

    kind = "invalid"
    code = "collection_malformed"

    def __init__(self, file: str, line: int | None, *, reason: str) -> None:
        place = file if line is None else f"{file}, line {line}"
        where = file if line is None else f"{file} の {line} 行目"
        super().__init__(
            f"{place}: {reason}.",
            hint="Correct the file; docs/evaluation.md shows the format.",
            message_ja=f"{where}が正しくありません: {reason}",
        )


class CollectionsAlike(Problem):
    """Two collections of one name: their figures could not be told apart."""

    kind = "conflict"
    code = "collections_alike"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Two of the collections are called {name!r}.",
            hint="A collection is called as its folder: rename one.",
            message_ja=f"「{name}」という名前のコレクションが二つあります。フォルダ名を変えてください。",
        )


class RunUnreadable(Problem):
    """A file that is no saved run of this evaluation."""

    kind = "invalid"
    code = "saved_run_unreadable"

    def __init__(self, file: str, *, reason: str) -> None:
        super().__init__(
            f"{file} is no saved run: {reason}.",
            hint="Make one with `fumikura eval retrieval DIR --save RUN.json`.",
            message_ja=f"{file} は保存された評価結果ではありません。",
        )


class EvaluationMissing(Problem):
    """A library that is only needed to evaluate is not installed."""

    kind = "missing"
    code = "evaluation_missing"

    def __init__(self, library: str, *, extra: str) -> None:
        super().__init__(
            f"Evaluating needs {library}, which is not installed.",
            hint=f"Install the extra: `pip install 'fumikura[{extra}]'`.",
            message_ja=f"評価に必要な {library} がインストールされていません。",
        )
