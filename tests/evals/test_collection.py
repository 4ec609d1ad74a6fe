"""Reading a test collection, and taking a part of it."""

import gzip
import json
from pathlib import Path

import pytest

from evals.retrieval.collection import Collection, Document, load_collection

DOCUMENTS = [Document(str(n), "tiny.p", f"title {n}", f"text {n}") for n in range(4)]
TINY = Collection(
    name="tiny",
    documents=DOCUMENTS,
    queries={"q0": "zero", "q1": "one", "q2": "two", "q3": "three"},
    judged={"q0": {"0": 1}, "q1": {"1": 1, "3": 1}, "q2": {"2": 2}},
)


def write_collection(folder: Path, collection: Collection) -> Path:
    """Write a collection as `load_collection` reads it."""
    folder.mkdir(parents=True)
    corpus = [
        {"_id": each.id, "title": each.title, "text": each.text, "project": "p"}
        for each in collection.documents
    ]
    queries = [{"_id": query, "text": text} for query, text in collection.queries.items()]
    for name, rows in {"corpus": corpus, "queries": queries}.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in rows)
    graded = [
        f"{query}\t{document}\t{grade}\n"
        for query, grades in collection.judged.items()
        for document, grade in grades.items()
    ]
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(graded))
    return folder


def test_a_collection_is_read_from_its_three_files(tmp_path: Path) -> None:
    assert load_collection(write_collection(tmp_path / "tiny", TINY)) == TINY


def test_a_part_asks_fewer_questions_from_all_over_the_set() -> None:
    assert list(TINY.part(2).queries) == ["q0", "q2"]
    assert TINY.part(2).documents == TINY.documents
    assert list(TINY.part(99).queries) == list(TINY.queries)


def test_a_shelf_asks_only_what_its_documents_answer() -> None:
    shelf = TINY.shelf(3)
    assert (list(shelf.queries), len(shelf.documents)) == (["q0", "q2"], 3)


@pytest.mark.parametrize(
    ("name", "documents", "queries"),
    [
        ("ja_jsquad_valid", 1145, 1000),
        ("ja_jaquad_train_part", 3136, 1000),
        ("en_cranfield", 1398, 225),
        ("en_xquad", 240, 600),
    ],
)
def test_the_evaluation_data_is_whole(
    shared_data: Path, name: str, documents: int, queries: int
) -> None:
    collection = load_collection(shared_data / "retrieval" / name)
    assert (len(collection.documents), len(collection.queries)) == (documents, queries)
    assert collection.judged.keys() == collection.queries.keys()
