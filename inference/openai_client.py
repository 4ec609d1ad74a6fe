"""One client for OpenAI-compatible endpoints; its failures become problems with a next step."""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import AnyHttpUrl, BaseModel, SecretStr

from inference.problems import ModelBusy, ModelRefused, ModelUnreachable

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

_NO_KEY = "none"  # the client insists on a value; endpoints without keys ignore it
_TRIES_AGAIN = 2
ALL_TRIES: Final = 1 + _TRIES_AGAIN
_SENT_HEADERS = frozenset(
    {
        "host",
        "connection",
        "authorization",
        "content-type",
        "content-length",
        "accept",
        "accept-encoding",
        "user-agent",
    }
)

Answer = TypeVar("Answer", bound=BaseModel)


def open_client(base_url: AnyHttpUrl, api_key: SecretStr | None, timeout_s: float) -> "AsyncOpenAI":
    """Return a client of `base_url` alone: the environment adds no proxy, no key and no header."""
    import httpx2  # noqa: PLC0415 - see below
    from openai import AsyncOpenAI  # noqa: PLC0415 - half a second that only callers of models pay

    from inference.bounded_answers import bound  # noqa: PLC0415 - loads httpx2

    key = api_key.get_secret_value() if api_key else _NO_KEY

    async def send_only_ours(request: httpx2.Request) -> None:
        # The library adds what OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS hold.
        for name in [name for name in request.headers if name not in _SENT_HEADERS]:
            del request.headers[name]
        request.headers["authorization"] = f"Bearer {key}"
        request.headers["accept-encoding"] = "identity"  # so that an answer is as long as it looks

    return AsyncOpenAI(
        base_url=str(base_url),
        api_key=key,
        timeout=timeout_s,
        max_retries=_TRIES_AGAIN,
        http_client=httpx2.AsyncClient(
            trust_env=False,
            timeout=timeout_s,
            event_hooks={"request": [send_only_ours], "response": [bound]},
        ),
    )


async def post_json(
    client: "AsyncOpenAI",
    path: str,
    body: Mapping[str, object],
    answer: type[Answer],
    *,
    within_s: float,
) -> Answer:
    """Return what the endpoint answers to `body`, for what OpenAI's API has no call for.

    All tries together get `within_s`, also from a server that sends byte after byte.

    Raises:
        openai.APIError, httpx2.HTTPError, TimeoutError, ValueError: see `failures_of`.
    """
    import httpx2  # noqa: PLC0415 - see open_client

    async with asyncio.timeout(within_s):
        response = await client.post(path, body=body, cast_to=httpx2.Response)
    return answer.model_validate_json(response.content)


@contextmanager
def failures_of(model: str) -> Generator[None]:
    """Turn the client's errors into problems; messages of the endpoint are not passed on.

    Raises:
        ModelBusy, ModelRefused, ModelUnreachable
    """
    import httpx2  # noqa: PLC0415 - see open_client
    import openai  # noqa: PLC0415 - see open_client

    from inference.bounded_answers import AnswerTooLarge  # noqa: PLC0415 - loads httpx2

    try:
        yield
    except (openai.APITimeoutError, TimeoutError) as error:
        raise ModelUnreachable(model, reason="it took too long") from error
    except AnswerTooLarge as error:
        raise ModelUnreachable(model, reason="its answer was too large") from error
    except openai.APIConnectionError as error:
        raise ModelUnreachable(model, reason="no connection") from error
    except openai.APIStatusError as error:
        raise _status_problem(model, error) from error
    except (openai.APIError, httpx2.HTTPError, ValueError) as error:
        raise ModelUnreachable(model, reason="its answer broke off or was malformed") from error


def _status_problem(
    model: str, error: "APIStatusError"
) -> ModelBusy | ModelRefused | ModelUnreachable:
    status = error.status_code
    retry_after_s = _seconds(error.response.headers.get("retry-after"))
    if status == 429:
        return ModelBusy(model, retry_after_s=retry_after_s)
    if status >= 500:
        return ModelUnreachable(model, reason=f"HTTP {status}", retry_after_s=retry_after_s)
    return ModelRefused(model, status=status)


def _seconds(header: str | None) -> float | None:
    """Read `Retry-After` in seconds; a date is not used by model servers."""
    try:
        seconds = float(header) if header else None
    except ValueError:
        return None
    return max(0.0, seconds) if seconds is not None and isfinite(seconds) else None
