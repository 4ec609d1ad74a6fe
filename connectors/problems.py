"""What can go wrong between a listing and the file itself."""

from contracts.problems import Problem


class SourceMissing(Problem):
    """The folder of a project is not there, or is no folder."""

    kind = "missing"
    code = "source_missing"

    def __init__(self, project_id: str) -> None:
        super().__init__(
            f"The folder of project {project_id!r} is not there.",
            hint="Mount it again, or add the project anew with the folder's present path.",
            message_ja=f"プロジェクト「{project_id}」のフォルダーが見つかりません。",
        )


class SourceUnreadable(Problem):
    """The folder of a project is there, but cannot be listed: nothing is known of its files."""

    kind = "unavailable"
    code = "source_unreadable"

    def __init__(self, project_id: str, *, reason: str) -> None:
        super().__init__(
            f"The folder of project {project_id!r} cannot be listed: {reason}.",
            hint="Give the service's user permission to read the folder, then index again.",
            message_ja=f"プロジェクト「{project_id}」のフォルダーをサービスが読めません。",
        )


class SourceFileProblem(Problem):
    """One file cannot be had; nothing is said of the others. Each subclass says why."""


class SourceFileChanged(SourceFileProblem):
    """The file was changed or removed after it was listed."""

    kind = "conflict"
    code = "file_changed"

    def __init__(self) -> None:
        super().__init__(
            "The file was changed while the project was being indexed.",
            hint="Index the project again.",
            message_ja="索引の作成中にファイルが変更されました。もう一度索引してください。",
        )


class SourceFileTooLarge(SourceFileProblem):
    """The file is over the source's limit; its content was not read."""

    kind = "too_large"
    code = "file_too_large"

    def __init__(self, *, size: int, limit: int) -> None:
        super().__init__(
            f"The file has {size:,} bytes; files of up to {limit:,} bytes are read.",
            hint="Split the file, or let an operator raise FUMIKURA_MAX_FILE_BYTES.",
            message_ja=f"ファイルが大きすぎます（上限 {limit:,} バイト）。",
        )


class SourceFileUnreadable(SourceFileProblem):
    """The service may list the file, or the folder, but not read it."""

    kind = "forbidden"
    code = "file_unreadable"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The service cannot read this file or folder: {reason}.",
            hint="Give the service's user read permission on it, then index again.",
            message_ja="このファイルまたはフォルダーをサービスが読めません。"
            "読み取り権限を確認してください。",
        )


class SourceFolderElsewhere(SourceFileProblem):
    """A folder of the project is where another file system is mounted: it is not entered."""

    kind = "invalid"
    code = "folder_elsewhere"

    def __init__(self) -> None:
        super().__init__(
            "Another file system is mounted on this folder, so it is not read.",
            hint="If its files are wanted, add it as a source of its own: `fumikura sources add`.",
            message_ja="このフォルダーには別のファイルシステムがマウントされているため読みません。"
            "必要なら別のソースとして追加してください。",
        )


class SourceFileUnavailable(SourceFileProblem):
    """The file cannot be had now: what is known of it stays, and the next sync tries again."""

    kind = "unavailable"
    code = "file_unavailable"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The file cannot be had now: {reason}.",
            hint="Sync again in a while; if it stays so, see whether the file opens on its page.",
            message_ja="ファイルを今は取得できません。しばらくしてから再度同期してください。",
        )
