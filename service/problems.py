"""What can go wrong at the door: keys, settings, projects, jobs."""

from collections.abc import Sequence

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


class KeyEnded(Problem):
    """A key that is revoked or has expired is not replaced: it was ended for a reason."""

    kind = "conflict"
    code = "key_ended"

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"The key {key_id[:64]!r} is revoked, or has expired.",
            hint="Make a new one: `POST /v1/keys` or `fumikura keys create`.",
        )


class ModelKeyMissing(Problem):
    """A deployment names a variable that is not set."""

    kind = "invalid"
    code = "model_key_missing"

    def __init__(self, model: str, *, variable: str) -> None:
        super().__init__(
            f"The servers of the model {model!r} ask for a key, and {variable} is not set.",
            hint=f"Set {variable}, or take `api_key_env` out of the catalogue.",
        )


class HereNotShared(Problem):
    """Several processes at one port would each start the servers."""

    kind = "invalid"
    code = "here_not_shared"

    def __init__(self, models: Sequence[str]) -> None:
        super().__init__(
            f"With --share-port, each process would start its own servers of {', '.join(models)}.",
            hint="Start them once, with `fumikura models serve`, and name them under `replicas`.",
        )


class TracingMissing(Problem):
    """A collector of spans is named, and what sends them is not installed."""

    kind = "unavailable"
    code = "tracing_missing"

    def __init__(self) -> None:
        super().__init__(
            "FUMIKURA_OTLP_ENDPOINT names a collector, and the extra `tracing` is not installed.",
            hint="Install fumikura[tracing], or take the variable out.",
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
    """A project with this id is already there, with files from elsewhere."""

    kind = "conflict"
    code = "project_exists"

    def __init__(self, project_id: str) -> None:
        super().__init__(
            f"There is already a project {project_id!r}, with files from elsewhere.",
            hint="Choose another `project_id`, or remove that source first.",
            message_ja=f"プロジェクト「{project_id}」は別の場所のファイルですでに登録されています。",
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


class TokenKeysMissing(Problem):
    """There is no key to seal tokens with: none is kept, and none can be opened."""

    kind = "unavailable"
    code = "token_keys_missing"

    def __init__(self) -> None:
        super().__init__(
            "This service has no key to seal tokens with.",
            hint="Let an operator make one with `openssl rand -base64 32` and set it as"
            " FUMIKURA_TOKEN_KEYS, in every process of the service.",
            message_ja="トークンを暗号化する鍵が設定されていません。管理者にお問い合わせください。",
        )


class LinkUnknown(Problem):
    """This key has no linked token for the instance."""

    kind = "missing"
    code = "link_unknown"

    def __init__(self, instance: str) -> None:
        super().__init__(
            f"This key is not linked to an account of {instance!r}.",
            hint=f"Link one: `fumikura links add {instance}` or `PUT /v1/me/links/{instance}`.",
            message_ja=f"このキーには「{instance}」のアカウントが連携されていません。",
        )


class LinkUnreadable(Problem):
    """A linked token was sealed with a key that is no longer set, or for somebody else."""

    kind = "unavailable"
    code = "link_unreadable"

    def __init__(self) -> None:
        super().__init__(
            "A linked token cannot be opened: the key that sealed it is not set any more.",
            hint="Link the token anew, or let an operator add the former key at the end of"
            " FUMIKURA_TOKEN_KEYS.",
            message_ja="連携済みのトークンを復号できません。もう一度連携してください。",
        )


class LinkNeedsKey(Problem):
    """Links belong to API keys; the local operator has none, and reads everything."""

    kind = "invalid"
    code = "link_needs_key"

    def __init__(self) -> None:
        super().__init__(
            "Only an API key can be linked; the local operator reads everything without a link.",
            hint="Make a key with `fumikura keys create` and use it: FUMIKURA_API_KEY.",
            message_ja="連携できるのは API キーだけです（ローカル管理者には不要です）。",
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


class SourceTokenMissing(Problem):
    """A source holds what only a token shows, and the token it was read with is not set now."""

    kind = "forbidden"
    code = "source_token_missing"

    def __init__(self, source_id: str) -> None:
        super().__init__(
            f"Source {source_id!r} was read with a token, and none is set now.",
            hint="Set RDM_TOKEN for the service again, or give the source a token of its own:"
            " `fumikura sources add PLACE --token-stdin`.",
            message_ja=f"ソース「{source_id}」を読むためのトークンが設定されていません。",
        )


class RayMissing(Problem):
    """Files shall be read on a Ray cluster, and Ray is not installed."""

    kind = "missing"
    code = "ray_missing"

    def __init__(self) -> None:
        super().__init__(
            "Ray is not installed.",
            hint="Install it, in the version of the cluster: `pip install 'fumikura[ray]'`;"
            " or index with `--engine local`.",
            message_ja="Rayがインストールされていません。`pip install 'fumikura[ray]'`"
            "を実行してください。",
        )
