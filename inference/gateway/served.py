"""The models that the gateway has replicas for, by every name that people call them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from inference.gateway.endpoints import Task
from inference.gateway.pool import Pool
from inference.gateway.ports import Caller
from inference.gateway.problems import ModelUnknown
from inference.gateway.streams import Renaming
from inference.gateway.thinking import Thoughts
from inference.prices import FREE, Price

_NEAR: Final = 3


@dataclass(frozen=True, kw_only=True)
class Served:
    """A model and where it runs."""

    id: str
    task: Task
    runtime: str
    """`vllm`, `llama-cpp` or another one that the catalogue knows."""
    pool: Pool
    upstream_name: str
    """What its replicas call it."""
    context: int
    """Tokens, of prompt and answer together."""
    api_key: str | None = field(default=None, repr=False)
    price: Price = FREE
    thinks: bool = False
    """Whether it is a reasoning model."""
    thinks_at_once: bool = False
    """Whether its template opens the mark of thinking, so that answers begin behind it."""
    aliases: Sequence[str] = ()
    fallbacks: Sequence[str] = ()
    """Ids of models that may answer in its place, where the caller allows it."""

    def thoughts(self) -> Thoughts | None:
        """Return what takes one answer apart; None where it does not think."""
        return Thoughts(begins_thinking=self.thinks_at_once) if self.thinks else None

    @cached_property
    def renaming(self) -> Renaming | None:
        """What its answers must be changed by; None where it has one name everywhere."""
        if self.upstream_name == self.id:
            return None
        return Renaming(there=self.upstream_name, here=self.id)


class Directory:
    """Finds a model by its id or an alias, in whatever case."""

    def __init__(self, models: Iterable[Served]) -> None:
        """Take all models that are served."""
        self.models: Sequence[Served] = sorted(models, key=lambda each: each.id)
        self._by_name = {
            name.casefold(): model for model in self.models for name in (model.id, *model.aliases)
        }

    def find(self, name: str, caller: Caller) -> Served:
        """Return the model of this name.

        Raises:
            ModelUnknown: there is none that the caller may call; says which names are near.
        """
        model = self._by_name.get(name.casefold())
        if model is None or not caller.may_call(model.id):
            raise ModelUnknown(near=self._near(name, caller))
        return model

    def of(self, caller: Caller) -> list[Served]:
        """Return the models that the caller may call, by id."""
        return [model for model in self.models if caller.may_call(model.id)]

    def _near(self, name: str, caller: Caller) -> list[str]:
        names = [key for key, model in self._by_name.items() if caller.may_call(model.id)]
        close = get_close_matches(name.casefold(), names, n=_NEAR, cutoff=0.5)
        return list(dict.fromkeys(self._by_name[key].id for key in close))
