"""A test collection: documents, queries, and which documents answer which query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.retrieval.files import (
    Judgement,
    Placed,
    Row,
    corpus_file,
    judgements,
    judgements_file,
    queries_file,
    rows,
)
from evals.retrieval.problems import CollectionMalformed, CollectionMissing, CollectionsAlike


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its title; `project` stands in for the project it belongs to."""

    id: str
    project: str
    title: str
    text: str

    @property
    def whole_text(self) -> str:
        """Title and text in one, as baselines read it."""
        return f"{self.title} {self.text}"


@dataclass(frozen=True, slots=True)
class Collection:
    """`queries` by id, `judged` by query id and document id."""

    name: str
    documents: Sequence[Document]
    queries: Mapping[str, str]
    judged: Mapping[str, Mapping[str, int]]

    def part(self, queries: int) -> "Collection":
        """Return `queries` of the queries, spread evenly, over all documents."""
        step = max(len(self.queries) // queries, 1)
        kept = dict(list(self.queries.items())[::step][:queries])
        return Collection(self.name, self.documents, kept, self.judged)

    def shelf(self, documents: int) -> "Collection":
        """Return the first `documents`, and the queries all of whose answers they hold."""
        kept = self.documents[:documents]
        ids = {document.id for document in kept}
        judged = {query: grades for query, grades in self.judged.items() if grades.keys() <= ids}
        queries = {query: text for query, text in self.queries.items() if query in judged}
        return Collection(self.name, kept, queries, judged)


def load_collections(folders: Iterable[Path]) -> list[Collection]:
    """Read each folder that is a collection; of one that is none, those inside it.

    Raises:
        CollectionMissing: a folder neither is nor holds a collection, or one lacks a file.
        CollectionMalformed: names the file and the line.
        CollectionsAlike: two folders have the same name.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        for each in _collections_at(folder):
            name = each.resolve().name
            if found.setdefault(name, each).resolve() != each.resolve():
                raise CollectionsAlike(name)
    return [load_collection(each) for each in found.values()]


def load_collection(folder: Path) -> Collection:
    """Read the corpus, the queries and the judgements of a folder.

    Queries that nothing was judged for are left out: no ranking could be right or wrong.

    Raises:
        CollectionMissing: the folder lacks one of the three files.
        CollectionMalformed: names the file and the line.
    """
    name = folder.resolve().name
    corpus, asked, judging = corpus_file(folder), queries_file(folder), judgements_file(folder)
    documents = [_document(each.row, name) for each in _distinct(rows(corpus), corpus)]
    if not documents:
        raise CollectionMalformed(str(corpus), None, reason="it holds no document")
    queries = {each.row.id: _query(each, asked) for each in _distinct(rows(asked), asked)}
    ids = {document.id for document in documents}
    judged = _judged(judgements(judging), ids, queries.keys(), judging)
    if not judged:
        raise CollectionMalformed(str(judging), None, reason="it judges nothing")
    measured = {query: text for query, text in queries.items() if query in judged}
    return Collection(name=name, documents=documents, queries=measured, judged=judged)


def _collections_at(folder: Path) -> list[Path]:
    if _is_collection(folder):
        return [folder]
    inside = [each for each in sorted(folder.glob("*/")) if _is_collection(each)]
    if not inside:
        raise CollectionMissing(str(folder), wanted="corpus.jsonl or corpus.jsonl.gz")
    return inside


def _is_collection(folder: Path) -> bool:
    return any((folder / f"corpus.jsonl{ending}").is_file() for ending in ("", ".gz"))


def _distinct(placed: Iterable[Placed[Row]], file: Path) -> Iterable[Placed[Row]]:
    seen: set[str] = set()
    for each in placed:
        if each.row.id in seen:
            raise CollectionMalformed(
                str(file), each.line, reason=f"the id {each.row.id!r} comes a second time"
            )
        seen.add(each.row.id)
        yield each


def _document(row: Row, collection: str) -> Document:
    project = f"{collection}.{row.project}" if row.project else collection
    return Document(row.id, project, row.title, row.text)


def _query(placed: Placed[Row], file: Path) -> str:
    if not placed.row.text.strip():
        raise CollectionMalformed(str(file), placed.line, reason="the query has no text")
    return placed.row.text


def _judged(
    placed: Iterable[Placed[Judgement]], documents: set[str], queries: Iterable[str], file: Path
) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    known = frozenset(queries)
    for line, (query, document, grade) in ((each.line, each.row) for each in placed):
        fault = None
        if query not in known:
            fault = f"there is no query {query!r}"
        elif document not in documents:
            fault = f"there is no document {document!r}"
        elif document in judged.get(query, {}):
            fault = f"{document!r} is judged a second time for {query!r}"
        if fault:
            raise CollectionMalformed(str(file), line, reason=fault)
        judged.setdefault(query, {})[document] = grade
    return judged
