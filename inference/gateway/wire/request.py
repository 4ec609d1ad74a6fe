"""A request as it comes over a connection: what is odd about it is refused, not guessed."""

from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

import httptools

from inference.gateway.exchange import MOST_BODY_BYTES, is_for_the_known
from inference.gateway.problems import BodyOverLimit, RequestUnreadable
from inference.gateway.wire.limits import WireLimits

_VERSIONS: Final = frozenset({"1.1", "1.0"})
_CHUNKED: Final = b"chunked"
_WITHOUT_BODY: Final = frozenset({b"0", b""})


class Incoming:
    """One request; `on_…` is called by the parser.

    llhttp refuses both lengths at once, two lengths, folded fields, line ends without CR, blanks
    before a colon, control characters and chunks of odd sizes. Beyond that nothing but `chunked`
    may encode a body, and only HTTP/1.1 and 1.0 are spoken.
    """

    def __init__(self, limits: WireLimits) -> None:
        self._limits = limits
        self._url = b""
        self._head_bytes = 0
        self._parts: list[bytes] = []
        self._body_bytes = 0
        self.headers: dict[bytes, bytes] = {}
        self.method = ""
        self.has_head = False
        self.is_whole = False
        self.expects_go_ahead = False
        self.is_for_the_known = False
        self.keeps_open = True
        self.is_chunked_allowed = True

    @property
    def path(self) -> str:
        """The path, decoded.

        Raises:
            RequestUnreadable: it is none.
        """
        try:
            return unquote((httptools.parse_url(self._url).path or b"").decode("ascii"))
        except (httptools.HttpParserInvalidURLError, UnicodeDecodeError) as error:
            raise RequestUnreadable("its path is none") from error

    @property
    def body(self) -> bytes:
        """All of it."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_head(len(name) + len(value) + len(": \r\n"))
        name = name.lower()
        if name == b"transfer-encoding" and value.strip().lower() != _CHUNKED:
            raise RequestUnreadable("its body is encoded otherwise than `chunked`")
        self.headers[name] = value

    def on_head(self, parser: httptools.HttpRequestParser) -> None:
        """Look at what the head says; the parser knows what stood in its first line."""
        version = parser.get_http_version()
        if version not in _VERSIONS:
            raise RequestUnreadable("it is not HTTP/1.1")
        if version == "1.0" and b"transfer-encoding" in self.headers:
            raise RequestUnreadable("HTTP/1.0 knows no `Transfer-Encoding`")
        told = self.headers.get(b"content-length", b"0")
        if told.isdigit() and int(told) > MOST_BODY_BYTES:
            raise BodyOverLimit(limit=MOST_BODY_BYTES)
        self.method = parser.get_method().decode("latin-1")
        self.keeps_open = version == "1.1" and parser.should_keep_alive()
        self.is_chunked_allowed = version == "1.1"
        expects = self.headers.get(b"expect", b"").lower() == b"100-continue"
        self.expects_go_ahead = expects and version == "1.1" and self._has_body
        self.is_for_the_known = is_for_the_known(self.headers)
        self.has_head = True

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > MOST_BODY_BYTES:
            raise BodyOverLimit(limit=MOST_BODY_BYTES)
        self._parts.append(body)

    @property
    def _has_body(self) -> bool:
        length = self.headers.get(b"content-length", b"")
        return length not in _WITHOUT_BODY or b"transfer-encoding" in self.headers

    def _count_head(self, more: int) -> None:
        self._head_bytes += more
        if self._head_bytes > self._limits.head_bytes:
            raise RequestUnreadable("its head is too long")


class Requests:
    """Takes requests apart as bytes come; each that is whole is handed on."""

    def __init__(self, limits: WireLimits, hand_on: Callable[[Incoming], None]) -> None:
        self._limits = limits
        self._hand_on = hand_on
        self._parser = httptools.HttpRequestParser(self)
        self.current: Incoming | None = None
        """The one that is not whole yet; None between two."""
        self.failure: Exception | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes.

        Raises:
            RequestUnreadable, BodyOverLimit: what they say is refused; nothing more can be read.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # the request was handed on; what it wants instead of HTTP is not spoken here
        except httptools.HttpParserError as error:
            raise (self.failure or RequestUnreadable("it is no HTTP request")) from error

    def on_message_begin(self) -> None:
        self.current = Incoming(self._limits)

    def on_url(self, url: bytes) -> None:
        self._told(self._now.on_url, url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._told(self._now.on_header, name, value)

    def on_headers_complete(self) -> None:
        self._told(self._now.on_head, self._parser)

    def on_body(self, body: bytes) -> None:
        self._told(self._now.on_body, body)

    def on_message_complete(self) -> None:
        incoming = self._now
        incoming.is_whole = True
        if self._parser.should_upgrade():
            incoming.keeps_open = False
        self.current = None
        self._hand_on(incoming)

    @property
    def _now(self) -> Incoming:
        if self.current is None:
            raise RuntimeError("the parser tells of a request that it has not begun")
        return self.current

    def _told(self, tell: Callable[..., None], *given: object) -> None:
        """Call; what it raises the parser only says that it was raised."""
        try:
            tell(*given)
        except Exception as error:
            self.failure = error
            raise
