"""`fumikura models list|show|check|serve`: the catalogue of models, as it is read here."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from service.cli.models_serve import serve
from service.cli.options import console, json_option
from service.settings import read_settings

if TYPE_CHECKING:
    from rich.table import Table

    from inference.catalogue.card import ModelCard
    from inference.catalogue.reading import Catalogue

_NO_TOKENS: Final = "–"

catalogue_option = click.option(
    "--catalogue",
    "site",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The site's own file (FUMIKURA_CATALOGUE).",
)


@click.group("models")
def models() -> None:
    """List, show, check and serve the models of the catalogue. モデルの一覧・確認・起動."""


models.add_command(serve)


@models.command("list")
@catalogue_option
@json_option
def list_models(*, site: Path | None, as_json: bool) -> None:
    """List the models."""
    catalogue = _read(site)
    if as_json:
        print(json.dumps([_plain(card) for card in catalogue.models], indent=2, ensure_ascii=False))
    else:
        console().print(_table(catalogue))


@models.command("show")
@click.argument("name")
@catalogue_option
@json_option
def show(name: str, *, site: Path | None, as_json: bool) -> None:
    """Show everything about one model; NAME is its id or an alias."""
    catalogue = _read(site)
    card = catalogue.find(name)
    if as_json:
        print(json.dumps(_plain(card), indent=2, ensure_ascii=False))
    else:
        console().print(_details(card, catalogue))


@models.command("check")
@catalogue_option
@json_option
def check(*, site: Path | None, as_json: bool) -> None:
    """Read the catalogue; say what is wrong with it (exit status 2), and what to know."""
    catalogue = _read(site)
    notices = [notice for card in catalogue.models for notice in notices_of(card)]
    if as_json:
        print(json.dumps({"models": len(catalogue.models), "notices": notices}, indent=2))
        return
    for notice in notices:
        print(notice)
    print(
        f"{len(catalogue.models)} models, {len(catalogue.deployments)} deployed: the catalogue"
        " holds together.",
        file=sys.stderr,
    )


def notices_of(card: "ModelCard") -> list[str]:
    """Return what an operator should know about a model before it is served."""
    notices: list[str] = []
    if card.repository is not None and card.revision is None:
        notices.append(f"{card.id}: no revision is pinned; the weights may change")
    if card.licence.restricts is not None:
        notices.append(f"{card.id}: licence {card.licence.id}: {card.licence.restricts}")
    return notices


def _read(site: Path | None) -> "Catalogue":
    from inference.catalogue.reading import read_catalogue  # noqa: PLC0415 - not for --help

    return read_catalogue(site or read_settings().catalogue)


def _plain(card: "ModelCard") -> dict[str, object]:
    return card.model_dump(mode="json", exclude_none=True)


def _table(catalogue: "Catalogue") -> "Table":
    from rich.table import Table  # noqa: PLC0415 - not for --help

    deployed = {each.model: "here" if each.here else "yes" for each in catalogue.deployments}
    table = Table("model", "for", "runtime", "tokens", "GPU memory", "licence", "answers")
    for card in catalogue.models:
        table.add_row(
            card.id,
            card.task,
            card.runtime,
            f"{card.context:,}" if card.context else _NO_TOKENS,
            f"{card.resources.gpu_memory_gib:g} GiB" if card.resources.gpus else "no GPU",
            card.licence.id,
            deployed.get(card.id, ""),
        )
    return table


def _details(card: "ModelCard", catalogue: "Catalogue") -> "Table":
    from rich.table import Table  # noqa: PLC0415 - not for --help

    table = Table("field", "value", title=f"{card.title.en} · {card.title.ja}")
    for field, value in _plain(card).items():
        table.add_row(field, value if isinstance(value, str) else json.dumps(value))
    for deployment in catalogue.deployments:
        if deployment.model == card.id:
            table.add_row("answers at", "\n".join(deployment.urls) or "a server started here")
    return table
