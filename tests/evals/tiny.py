"""Collections small enough to judge by eye, in Japanese and English, and how they are written."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from evals.retrieval.collection import Collection, Document

ALLOYS = Collection(
    name="alloys",
    documents=[
        Document("d1", "alloys.p", "溶体化", "AZ91合金の溶体化処理は415 °Cで24時間行った。"),
        Document("d2", "alloys.p", "Ageing", "Ageing took 16 h at 170 °C. " * 60),
        Document("d3", "alloys.q", "Gold", "The colour of gold."),
    ],
    queries={"q1": "溶体化処理の温度", "q2": "how long was the ageing", "q3": "溶体化処理"},
    judged={"q1": {"d1": 1}, "q2": {"d2": 1}, "q3": {"d2": 1}},
)
OTHERS = Collection(
    name="others",
    documents=[Document("d1", "others", "", "溶体化処理の温度")],
    queries={"q1": "溶体化処理の温度は何度か"},
    judged={"q1": {"d1": 1}},
)

TINY = Collection(
    name="tiny",
    documents=[Document(str(n), "tiny.p", f"title {n}", f"text {n}") for n in range(4)],
    queries={"q0": "zero", "q1": "one", "q2": "two", "q3": "three"},
    judged={"q0": {"0": 1}, "q1": {"1": 1, "3": 1}, "q2": {"2": 2}, "q3": {"3": 1}},
)


def write_collection(folder: Path, collection: Collection, *, packed: bool = True) -> Path:
    """Write a collection as `load_collection` reads it."""
    corpus = [
        {"_id": each.id, "title": each.title, "text": each.text}
        | ({"project": project} if (project := each.project.partition(".")[2]) else {})
        for each in collection.documents
    ]
    queries = [{"_id": query, "text": text} for query, text in collection.queries.items()]
    write_files(folder, corpus=corpus, queries=queries, judged=collection.judged, packed=packed)
    return folder


def write_files(
    folder: Path,
    *,
    corpus: Iterable[Mapping[str, object]],
    queries: Iterable[Mapping[str, object]],
    judged: Mapping[str, Mapping[str, int]],
    packed: bool = False,
) -> None:
    """Write the three files of a collection, whatever is in them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in {"corpus": corpus, "queries": queries}.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        if packed:
            (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(text))
        else:
            (folder / f"{name}.jsonl").write_bytes(text)
    lines = [
        f"{query}\t{document}\t{grade}\n"
        for query, grades in judged.items()
        for document, grade in grades.items()
    ]
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines))
