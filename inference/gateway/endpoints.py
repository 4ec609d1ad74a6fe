"""What is served at which path, and which fields of a request are handed on to a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Task = Literal["chat", "embedding", "rerank", "ocr", "transcription"]

_SAMPLING: Final = frozenset(
    {
        *("frequency_penalty", "presence_penalty", "repetition_penalty"),
        *("temperature", "top_p", "top_k", "min_p", "seed", "stop", "ignore_eos", "min_tokens"),
        *("max_tokens", "n", "logit_bias", "logprobs", "stream", "stream_options"),
    }
)
_FOR_OPENAI_ALONE: Final = frozenset(
    {
        *("user", "metadata", "store", "service_tier", "safety_identifier"),
        *("prompt_cache_key", "prompt_cache_retention", "verbosity"),
    }
)
"""Clients send them to every server; they ask nothing of a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A path that takes calls. A field that is neither handed on nor left out is refused."""

    path: str
    tasks: frozenset[Task]
    handed_on: frozenset[str]
    left_out: frozenset[str] = _FOR_OPENAI_ALONE
    writes: bool = False
    """Whether a model writes its answer, token by token, with a share of the cache."""
    counts_of_itself: bool = False
    """Whether its streams tell what was used without being asked to."""
    is_form: bool = False
    """Whether its body is `multipart/form-data`."""


def _endpoint(path: str, *tasks: Task, handed_on: frozenset[str], writes: bool = False) -> Endpoint:
    return Endpoint(path=path, tasks=frozenset(tasks), handed_on=handed_on, writes=writes)


MESSAGES: Final = "/v1/messages"
"""Anthropic's form."""
_MESSAGES: Final = frozenset({"messages", "system", "tools", "tool_choice", "thinking"})


_ALL: Final = (
    _endpoint(
        "/v1/chat/completions",
        "chat",
        handed_on=_SAMPLING
        | {
            *("messages", "max_completion_tokens", "top_logprobs", "response_format"),
            *("tools", "tool_choice", "parallel_tool_calls", "reasoning_effort"),
        },
        writes=True,
    ),
    _endpoint(
        "/v1/completions", "chat", handed_on=_SAMPLING | {"prompt", "suffix", "echo"}, writes=True
    ),
    Endpoint(
        path="/v1/responses",
        tasks=frozenset({"chat"}),
        handed_on=frozenset(
            {
                *("input", "instructions", "max_output_tokens", "temperature", "top_p", "stream"),
                *("tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "include"),
                *("truncation", "max_tool_calls", "top_logprobs"),
            }
        ),
        writes=True,
        counts_of_itself=True,
    ),
    Endpoint(
        path=MESSAGES,
        tasks=frozenset({"chat"}),
        handed_on=_MESSAGES
        | {
            *("max_tokens", "stop_sequences", "stream", "temperature", "top_k", "top_p"),
            "output_config",
        },
        writes=True,
        counts_of_itself=True,
    ),
    _endpoint(f"{MESSAGES}/count_tokens", "chat", handed_on=_MESSAGES),
    _endpoint(
        "/v1/embeddings",
        "embedding",
        handed_on=frozenset({"input", "encoding_format", "dimensions"}),
    ),
    _endpoint(
        "/v1/rerank",
        "rerank",
        handed_on=frozenset({"query", "documents", "top_n", "truncate_prompt_tokens"}),
    ),
    _endpoint(
        "/v1/ocr",
        "ocr",
        handed_on=frozenset({"image", "document", "page", "language"}),
    ),
    _endpoint(
        "/tokenize",
        "chat",
        "embedding",
        "rerank",
        handed_on=frozenset(
            {"prompt", "messages", "add_special_tokens", "add_generation_prompt", "tools"}
        ),
    ),
    Endpoint(
        path="/v1/audio/transcriptions",
        tasks=frozenset({"transcription"}),
        handed_on=frozenset(
            {
                *("file", "language", "prompt", "response_format", "temperature"),
                "timestamp_granularities[]",
            }
        ),
        is_form=True,
    ),
)
ENDPOINTS: Final[Mapping[str, Endpoint]] = MappingProxyType({each.path: each for each in _ALL})
MODELS: Final = "/v1/models"
