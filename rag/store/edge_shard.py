"""A shard's folder: made whole or not at all, and opened only for the model it was made for."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import qdrant_edge as edge

from rag.problems import EmbeddingModelChanged
from rag.store.edge_form import config, field_indexes
from rag.store.edge_optimise import optimise_copy
from rag.store.schema import Made, collection_name

_FIRST: Final = "shard"
_POINTER: Final = "current"


@dataclass(frozen=True, slots=True)
class OpenShard:
    """A shard that is open, and where it lies."""

    shard: edge.EdgeShard
    path: Path


def open_shard(folder: Path, made: Made) -> OpenShard:
    """Load the shard of a model inside `folder`, or make it; an empty one of other vectors goes.

    Such a one was made under a wrong setting, before the model was first asked.

    Raises:
        EmbeddingModelChanged: the shard holds vectors of another model, kind or length.
    """
    home = folder / collection_name(made.model)
    if not home.exists():
        _make_home(home, made)
    facts = json.loads((home / "made_for.json").read_text(encoding="utf-8"))
    path = current_shard(home)
    if facts == made.facts:
        _drop_others(path)
        return OpenShard(_load(path, made), path)
    shard = edge.EdgeShard.load(str(path))
    points = shard.count(edge.CountRequest())
    shard.close()
    if points:
        raise EmbeddingModelChanged(
            f"The store in {home}", holds=_told(facts), asked=_told(made.facts)
        )
    shutil.rmtree(_unfinished(home), ignore_errors=True)
    home.rename(_unfinished(home))
    return open_shard(folder, made)


def current_shard(home: Path) -> Path:
    """Return where the shard of a collection's folder lies."""
    pointer = home / _POINTER
    return home / (pointer.read_text(encoding="ascii") if pointer.exists() else _FIRST)


def optimised(opened: OpenShard, made: Made) -> OpenShard:
    """Return an optimised copy of a flushed shard; from now on it is the one that is opened.

    The shard itself stays as it is, and may be read meanwhile, not written; `drop_earlier` removes
    it. A kill leaves the one or the other as the one that is opened.

    Raises:
        CalledProcessError: there is no room for the copy.
    """
    path = opened.path.with_name(f"{_FIRST}-{uuid4().hex}")
    optimise_copy(opened.path, path)
    try:
        shard = _load(path, made)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    _point_to(path)
    return OpenShard(shard, path)


def drop_earlier(opened: OpenShard) -> None:
    """Remove the files of a shard that is closed and no longer the current one."""
    shutil.rmtree(opened.path, ignore_errors=True)  # the next start removes what is left


def _point_to(path: Path) -> None:
    """Make it the current shard, in one step that is on disk when this returns."""
    pointer = path.with_name(_POINTER)
    aside = pointer.with_suffix(".new")
    with aside.open("w", encoding="ascii") as file:
        file.write(path.name)
        file.flush()
        os.fsync(file.fileno())
    home = os.open(path.parent, os.O_RDONLY)  # before: there is no way back once it is replaced
    try:
        aside.replace(pointer)
        os.fsync(home)
    finally:
        os.close(home)


def _drop_others(current: Path) -> None:
    """Remove what a kill left: a copy half made, or the shard before this one."""
    for other in current.parent.glob(f"{_FIRST}*"):
        if other != current:
            shutil.rmtree(other, ignore_errors=True)  # what is left goes at the next start


def _load(path: Path, made: Made) -> edge.EdgeShard:
    return edge.EdgeShard.load(str(path), config(made.dimensions, made.extras))


def _told(facts: dict[str, object]) -> str:
    sparse = ", sparse" if facts["sparse"] else ""
    colbert = f", colbert of {length}" if (length := facts["colbert_dimensions"]) else ""
    return f"{facts['model']} ({facts['dimensions']} numbers{sparse}{colbert})"


def _make_home(home: Path, made: Made) -> None:
    """Make the shard aside and move it in place whole; what a kill left aside goes first."""
    unfinished = _unfinished(home)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _create_shard(unfinished / _FIRST, made)
    (unfinished / "made_for.json").write_text(json.dumps(made.facts), encoding="utf-8")
    unfinished.rename(home)


def _unfinished(home: Path) -> Path:
    return home.with_name(home.name + ".unfinished")


def _create_shard(path: Path, made: Made) -> None:
    path.mkdir(mode=0o700)
    shard = edge.EdgeShard.create(str(path), config(made.dimensions, made.extras))
    for field, index in field_indexes().items():
        shard.update(edge.UpdateOperation.create_field_index(field, index))
    shard.flush()
    shard.close()
