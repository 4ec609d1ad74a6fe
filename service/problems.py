"""What can go wrong at the door: keys, settings, projects, jobs."""

from contracts.problems import Problem


class KeyInvalid(Problem):
    """No key, or one that is unknown, expired or revoked: which of them is not told."""

    kind = "unauthenticated"
    code = "key_invalid"

    def __init__(self) -> None:
        super().__init__(
            "This request has no valid API key.",
            hint="Send `Authorization: Bearer fmk_…`; make a key with `fumikura keys create`.",
            message_ja="有効な API キーがありません。",
        )


class KeyUnknown(Problem):
    """No key has this id."""

    kind = "missing"
    code = "key_unknown"

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"There is no key with the id {key_id[:64]!r}.",
            hint="List the keys and their ids: `GET /v1/keys` or `fumikura keys list`.",
        )


class SettingsInvalid(Problem):
    """A setting does not fit; the value itself stays out of the message."""

    kind = "invalid"
    code = "settings_invalid"

    def __init__(self, faults: list[str]) -> None:
        super().__init__(
            f"The settings do not fit: {'; '.join(faults)}.",
            hint="Correct the variables named here and start again.",
        )


class ProjectExists(Problem):
    """A project with this id is already there, with another folder."""

    kind = "conflict"
    code = "project_exists"

    def __init__(self, project_id: str) -> None:
        super().__init__(
            f"There is already a project {project_id!r}, with another folder.",
            hint="Choose another `project_id`.",
            message_ja=f"プロジェクト「{project_id}」は別のフォルダーですでに登録されています。",
        )


class FolderRefused(Problem):
    """The folder lies outside of what the operator allows; whether it exists is not told."""

    kind = "forbidden"
    code = "folder_refused"

    def __init__(self) -> None:
        super().__init__(
            "This folder may not be opened as a project.",
            hint="Ask the operator to add its parent to `FUMIKURA_FOLDER_ROOTS`.",
            message_ja="このフォルダーはプロジェクトとして登録できません。",
        )


class FolderMissing(Problem):
    """There is no such folder."""

    kind = "invalid"
    code = "folder_missing"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"There is no folder {path!r} that this service can read.",
            hint="Give an absolute path to an existing folder on the service's machine.",
            message_ja=f"フォルダー「{path}」が見つかりません。",
        )


class JobUnknown(Problem):
    """No job has this id, or the caller may not see its project."""

    kind = "missing"
    code = "job_unknown"

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"There is no job {job_id[:64]!r} that you may see.",
            hint="Start one with `POST /v1/projects/{project_id}/index`.",
        )


class JobFailed(Problem):
    """Indexing stopped for a reason that nobody foresaw."""

    kind = "unavailable"
    code = "job_failed"

    def __init__(self) -> None:
        super().__init__(
            "Indexing stopped because of an error in the service.",
            hint="Index again; if it fails the same way, send the operator the job's id: the"
            " service's log names the error.",
            message_ja="サービスの内部エラーにより索引の作成が中断しました。",
        )


class ProjectBusy(Problem):
    """A project that is being indexed cannot be removed."""

    kind = "conflict"
    code = "project_busy"

    def __init__(self, project_id: str) -> None:
        super().__init__(
            f"Project {project_id!r} is being indexed.",
            hint="Wait until its job has ended (`GET /v1/jobs/{job_id}`), then try again.",
            message_ja=f"プロジェクト「{project_id}」は索引の作成中です。",
        )


class DataFolderRefused(Problem):
    """The folder for records, store and secrets cannot be used."""

    kind = "unavailable"
    code = "data_folder_refused"

    def __init__(self, folder: str, *, reason: str) -> None:
        super().__init__(
            f"The data folder {folder!r} cannot be used: {reason}.",
            hint="Name one that this user may write: FUMIKURA_DATA_FOLDER.",
        )


class AddressTaken(Problem):
    """The service cannot listen where it should."""

    kind = "conflict"
    code = "address_taken"

    def __init__(self, host: str, port: int, *, reason: str) -> None:
        super().__init__(
            f"Cannot listen on {host}, port {port}: {reason}.",
            hint="Stop what listens there, or choose another port: `fumikura serve --port 0`.",
        )


class SamplesMissing(Problem):
    """The sample projects come with the source, not with an installed package."""

    kind = "missing"
    code = "samples_missing"

    def __init__(self) -> None:
        super().__init__(
            "The sample projects are not here.",
            hint="Run `make demo` in a clone of the source.",
            message_ja="見本プロジェクトがありません。ソースから `make demo` を実行してください。",
        )
