"""What can go wrong with a request before anything is done for it."""

from contracts.problems import InvalidRequest, Problem


class FieldInvalid(InvalidRequest):
    """One field of a request does not fit; its value stays out of the message."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(
            f"{field}: {reason}", hint="Compare the request with its schema in `/openapi.json`."
        )
        self.field = field


class BodyUnreadable(InvalidRequest):
    """The body is no JSON object, or is not said to be one."""

    def __init__(self) -> None:
        super().__init__(
            "The body of the request is not a JSON object.",
            hint="Send JSON in UTF-8, with `Content-Type: application/json`.",
        )


class BodyTooLarge(Problem):
    """The body is over the limit; the rest of it was not read."""

    kind = "too_large"
    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The body of the request is over {limit:,} bytes.",
            hint="Send less at once, or let an operator raise FUMIKURA_MAX_BODY_BYTES.",
            message_ja=f"リクエストが大きすぎます（上限 {limit:,} バイト）。",
        )


class RouteUnknown(Problem):
    """Nothing is served at this path."""

    kind = "missing"
    code = "route_unknown"

    def __init__(self) -> None:
        super().__init__("There is nothing at this path.", hint="See `/openapi.json` for what is.")


class MethodRefused(Problem):
    """The path is there, the method is not."""

    kind = "invalid"
    code = "method_refused"

    def __init__(self) -> None:
        super().__init__(
            "This path does not take this method.", hint="The header `Allow` names those it takes."
        )


class HostRefused(Problem):
    """The `Host` header names another service: a web page may be misusing a browser."""

    kind = "forbidden"
    code = "host_refused"

    def __init__(self) -> None:
        super().__init__(
            "This service does not answer under the name in the `Host` header.",
            hint="If it is a right name, let an operator add it to FUMIKURA_ALLOWED_HOSTS.",
        )


class GrantTooNarrow(Problem):
    """The key is valid, has the scope, and sees too few projects for this."""

    kind = "forbidden"
    code = "grant_missing"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"This key may not do that: {what}.",
            hint="Use a key that was granted every project (`*`), or ask an operator.",
            message_ja="このキーに許可された範囲を超えています。",
        )


class InternalError(Problem):
    """A bug: what it was stands in the service's log, and nowhere else."""

    kind = "unavailable"
    code = "internal_error"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"The service failed at this request ({request_id}).",
            hint="Trying again will hardly help: tell the operator the id of the request,"
            " whose log says where it was.",
            message_ja="サービスの内部エラーです。リクエスト ID を管理者にお知らせください。",
        )
