"""A test collection: documents, queries, and which documents answer which query."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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


def load_collection(folder: Path) -> Collection:
    """Read `corpus.jsonl.gz`, `queries.jsonl.gz` and `qrels.tsv` of a folder."""
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    lines = (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        query, document, grade = line.split("\t")
        judged[query][document] = int(grade)
    return Collection(
        name=folder.name,
        documents=[
            Document(row["_id"], f"{folder.name}.{row['project']}", row["title"], row["text"])
            for row in _rows(folder / "corpus.jsonl.gz")
        ],
        queries={row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl.gz")},
        judged=judged,
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
