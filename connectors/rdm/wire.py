"""The connections to one instance: one request and its answer, with what may fail on the way."""

import logging
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass

import httpx2
from pydantic import SecretStr

from connectors.rdm.retry import Passing, Timing, told_wait_s
from connectors.rdm.settings import RdmSettings

# It writes down, at DEBUG, the heads of answers: signed addresses of storage, and cookies.
logging.getLogger("httpcore2").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A pool of connections, bare: it keeps no cookies, follows nothing and logs no address."""

    transport: httpx2.AsyncHTTPTransport
    settings: RdmSettings
    timing: Timing

    @asynccontextmanager
    async def get(
        self, url: httpx2.URL, headers: Mapping[str, str]
    ) -> AsyncGenerator[httpx2.Response]:
        """Give the answer to a GET, its body not yet read; leaving early cuts the connection.

        Raises:
            Passing: no connection, silence, or an answer that broke off; also within the block.
        """
        timeout = httpx2.Timeout(
            self.settings.read_timeout_s, connect=self.settings.connect_timeout_s, pool=None
        )
        request = httpx2.Request(
            "GET", url, headers=headers, extensions={"timeout": timeout.as_dict()}
        )
        with _failures():
            response = await self.transport.handle_async_request(request)
            response.request = request
            try:
                yield response
            finally:
                await response.aclose()

    def busy(self, response: httpx2.Response) -> Passing:
        """Return the failure that an answer of a server which is busy or broken stands for."""
        told_s = told_wait_s(response.headers.get("retry-after"), now=self.timing.now())
        return Passing(f"HTTP {response.status_code}", told_s=told_s)


async def whole_body(response: httpx2.Response, *, limit: int) -> bytes | None:
    """Return the body, unpacked; None, and no more of it is read, where it is over the limit."""
    body = bytearray()
    async with aclosing(response.aiter_bytes()) as parts:
        async for part in parts:
            body += part
            if len(body) > limit:
                return None
    return bytes(body)


def authorization(token: SecretStr | None) -> dict[str, str]:
    """Return the header that shows a token."""
    return {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}


@contextmanager
def _failures() -> Generator[None]:
    try:
        yield
    except httpx2.ConnectTimeout as error:
        raise Passing("no connection in time") from error
    except httpx2.TimeoutException as error:
        raise Passing("it fell silent") from error
    except httpx2.ConnectError as error:
        raise Passing("no connection") from error
    except httpx2.DecodingError as error:
        raise Passing("its answer cannot be unpacked") from error
    except httpx2.TransportError as error:
        raise Passing("its answer broke off") from error
