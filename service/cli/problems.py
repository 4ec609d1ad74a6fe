"""What can go wrong on the command line before the service is asked."""

from contracts.problems import Problem


class PlaceMissing(Problem):
    """Nothing was named to be indexed, and the environment names nothing either."""

    kind = "invalid"
    code = "place_missing"

    def __init__(self) -> None:
        super().__init__(
            "There is nothing named to be indexed.",
            hint="Name a folder, or a project of GakuNin RDM as `rdm:abc12`; without an argument,"
            " RDM_NODE_ID says which project.",
            message_ja="索引する対象がありません。フォルダーか `rdm:abc12` を指定してください。",
        )


class TokenMissing(Problem):
    """A token was to be read, and none came."""

    kind = "invalid"
    code = "token_missing"

    def __init__(self) -> None:
        super().__init__(
            "No token was given.",
            hint="Pipe a personal access token into the command, or type it when you are asked.",
            message_ja="トークンが入力されていません。",
        )


class TokenInTheClear(Problem):
    """A token would travel readable to everybody on the way."""

    kind = "forbidden"
    code = "token_in_the_clear"

    def __init__(self, url: str) -> None:
        super().__init__(
            f"A token is not sent to {url}: the connection is not encrypted.",
            hint="Use the service's https address in FUMIKURA_URL, or run the command on the"
            " service's own machine.",
            message_ja=f"暗号化されていない接続({url})にはトークンを送りません。",
        )


class NoService(Problem):
    """A command that is for a running service finds none."""

    kind = "unavailable"
    code = "no_service"

    def __init__(self) -> None:
        super().__init__(
            "No service is running here, and FUMIKURA_URL names none.",
            hint="Start one with `fumikura serve`, or set FUMIKURA_URL.",
            message_ja="動作中のサービスがありません。`fumikura serve` で起動してください。",
        )


class SyncCancelled(Problem):
    """A sync was stopped by somebody else than the one who waits for it."""

    kind = "conflict"
    code = "sync_cancelled"

    def __init__(self, source_id: str) -> None:
        super().__init__(
            f"The sync of {source_id!r} was cancelled; what is indexed stays.",
            hint=f"Go on with `fumikura sources sync {source_id}`.",
            message_ja=f"「{source_id}」の同期は中止されました。索引済みの分は残ります。",
        )


class StandInMissing(Problem):
    """The stand-in for GakuNin RDM comes with the source, not with an installed package."""

    kind = "missing"
    code = "stand_in_missing"

    def __init__(self) -> None:
        super().__init__(
            "The stand-in for GakuNin RDM is not here.",
            hint="Run the command in a clone of the source.",
            message_ja="GakuNin RDM の代役サーバーがありません。ソースから実行してください。",
        )


class EngineElsewhere(Problem):
    """An engine was asked for, and a running service does the indexing."""

    kind = "conflict"
    code = "engine_elsewhere"

    def __init__(self, url: str) -> None:
        super().__init__(
            f"The service at {url} does the indexing, with the engine of its own settings.",
            hint="Start it with FUMIKURA_ENGINE=ray, or stop it for the time of this run.",
            message_ja="索引の作成は起動中のサービスが行います。エンジンはサービス側で設定してください。",
        )
