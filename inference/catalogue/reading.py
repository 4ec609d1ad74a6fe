"""The catalogue that comes with fumikura, and what a site's own file changes of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inference.catalogue.card import Deployment, ModelCard, Name
from inference.catalogue.problems import CatalogueInvalid, ModelNotListed
from inference.catalogue.yaml_file import read_yaml

BUILT_IN: Final = Path(__file__).parent.parent / "catalogue.yaml"
_NEAR: Final = 3


class _File(BaseModel):
    """What a file of models holds; each model is read by itself, so that a fault names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]], max_length=1_000)
    remove: list[Name] = Field(default_factory=list[str], max_length=1_000)
    deployments: list[dict[str, Any]] = Field(
        default_factory=list[dict[str, Any]], max_length=1_000
    )


@dataclass(frozen=True)
class Catalogue:
    """Models by id, and where they answer."""

    models: Sequence[ModelCard]
    deployments: Sequence[Deployment] = ()

    @cached_property
    def _by_name(self) -> Mapping[str, ModelCard]:
        return {name.casefold(): card for card in self.models for name in (card.id, *card.aliases)}

    def find(self, name: str) -> ModelCard:
        """Return the model of an id or alias, in whatever case.

        Raises:
            ModelNotListed: there is none; names those that are near.
        """
        card = self._by_name.get(name.casefold())
        if card is None:
            close = get_close_matches(name.casefold(), self._by_name, n=_NEAR, cutoff=0.5)
            near = dict.fromkeys(self._by_name[each].id for each in close)
            raise ModelNotListed(name, near=list(near))
        return card


def read_catalogue(site: Path | None = None, *, built_in: Path = BUILT_IN) -> Catalogue:
    """Return the models that come with fumikura, changed by a site's file.

    There a model with a known id changes the fields that it names, mappings within them field by
    field; other models are added, those under `remove` taken out.

    Raises:
        CatalogueMissing: a file cannot be read.
        CatalogueInvalid: it does not fit; names every fault.
    """
    file = built_in if site is None else site
    own = _file(built_in)
    theirs = _File() if site is None else _file(site)
    entries = merged(own.models, theirs.models)
    faults = [*_unknown(theirs.remove, entries)]
    kept = [entry for name, entry in entries.items() if name not in theirs.remove]
    cards = list(_cards(kept, faults))
    deployments = list(_deployments([*own.deployments, *theirs.deployments], faults))
    if not faults:
        faults += _conflicts(cards, deployments)
    if faults:
        raise CatalogueInvalid(file, faults)
    return Catalogue(sorted(cards, key=lambda card: card.id), deployments)


def merged(
    own: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return models by id, each with what `changes` say of it."""
    entries: dict[str, dict[str, Any]] = {}
    for number, entry in enumerate([*own, *changes]):
        name = str(entry.get("id", f"number {number + 1}"))
        entries[name] = _changed(entries.get(name, {}), entry)
    return entries


def _changed(entry: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(entry)
    for field, value in change.items():
        before = result.get(field)
        if isinstance(before, dict) and isinstance(value, dict):
            result[field] = _changed(cast("dict[str, Any]", before), cast("dict[str, Any]", value))
        else:
            result[field] = value
    return result


def _file(path: Path) -> _File:
    try:
        return _File.model_validate(read_yaml(path) or {})
    except ValidationError as error:
        raise CatalogueInvalid(path, list(_faults("", error))) from error


def _faults(owner: str, error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        place = ".".join(map(str, fault["loc"]))
        reason = str(fault["msg"]).removeprefix("Value error, ")
        yield f"{owner}{place and place + ': '}{reason}"


def _cards(entries: Sequence[Mapping[str, Any]], faults: list[str]) -> Iterator[ModelCard]:
    for entry in entries:
        try:
            yield ModelCard.model_validate(entry)
        except ValidationError as error:
            faults += _faults(f"model {str(entry.get('id', '?'))[:100]!r}, ", error)


def _deployments(entries: Sequence[Mapping[str, Any]], faults: list[str]) -> Iterator[Deployment]:
    for entry in entries:
        try:
            yield Deployment.model_validate(entry)
        except ValidationError as error:
            faults += _faults(f"deployment of {str(entry.get('model', '?'))[:100]!r}, ", error)


def _unknown(names: Sequence[str], entries: Mapping[str, object]) -> Iterator[str]:
    for name in names:
        if name not in entries:
            yield f"remove: there is no model {name!r}"


def _conflicts(cards: Sequence[ModelCard], deployments: Sequence[Deployment]) -> Iterator[str]:
    """Yield what is wrong between models that are right by themselves."""
    by_id = {card.id: card for card in cards}
    owners: dict[str, str] = {}
    for card in cards:
        for name in (card.id, *card.aliases):
            owner = owners.setdefault(name.casefold(), card.id)
            if owner != card.id or (name != card.id and name.casefold() == card.id.casefold()):
                yield f"model {card.id!r}: {name!r} is a name of {owner!r} already"
        yield from _fallback_faults(card, by_id)
    named = [each.model for each in deployments]
    for name in sorted(set(named)):
        if name not in by_id:
            yield f"deployment of {name!r}: there is no such model"
        elif named.count(name) > 1:
            yield f"deployment of {name!r}: it comes twice; list all replicas in one"


def _fallback_faults(card: ModelCard, by_id: Mapping[str, ModelCard]) -> Iterator[str]:
    for name in card.fallbacks:
        other = by_id.get(name)
        if other is None:
            yield f"model {card.id!r}: there is no fallback {name!r}"
        elif other.id == card.id or other.task != card.task:
            yield f"model {card.id!r}: the fallback {name!r} is not another model for {card.task}"
