"""Who is asking, and what their key allows."""

from typing import Literal, get_args

from pydantic import BaseModel, Field

Scope = Literal["read", "agents", "models", "index", "admin"]
"""read: list, search, read and ask; agents: run agents; models: the OpenAI-compatible
endpoints; index: start indexing; admin: keys and projects."""

ALL_SCOPES: frozenset[Scope] = frozenset(get_args(Scope))


class Principal(BaseModel, frozen=True):
    """The authenticated caller. Which projects it may read is asked anew for each request."""

    id: str = Field(min_length=1, max_length=128)
    name: str = Field(max_length=200)
    scopes: frozenset[Scope]
    key_id: str | None = Field(
        default=None, max_length=64, description="The key that was shown, if any."
    )
