"""Reading test collections: what is accepted, and what is refused by its file and line."""

from dataclasses import replace
from pathlib import Path

import pytest

from evals.retrieval.collection import Document, load_collection, load_collections
from evals.retrieval.problems import CollectionMalformed, CollectionMissing, CollectionsAlike
from tests.evals.tiny import ALLOYS, OTHERS, TINY, write_collection, write_files


@pytest.mark.parametrize("packed", [True, False])
def test_a_collection_is_read_from_its_three_files(tmp_path: Path, *, packed: bool) -> None:
    folder = write_collection(tmp_path / "alloys", ALLOYS, packed=packed)
    assert load_collection(folder) == ALLOYS


def test_project_and_title_may_be_absent_and_ids_may_be_numbers(tmp_path: Path) -> None:
    write_files(
        tmp_path / "plain",
        corpus=[{"_id": 7, "text": "鋼の焼入れ", "metadata": {"url": "…"}}],
        queries=[{"_id": 1, "text": "焼入れ"}],
        judged={"1": {"7": 2}},
    )
    read = load_collection(tmp_path / "plain")
    assert read.documents == [Document("7", "plain", "", "鋼の焼入れ")]
    assert read.judged == {"1": {"7": 2}}


def test_judgements_may_lie_where_beir_has_them(tmp_path: Path) -> None:
    folder = write_collection(tmp_path / "alloys", ALLOYS)
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")
    assert load_collection(folder) == ALLOYS


def test_judgements_need_no_heading(tmp_path: Path) -> None:
    folder = write_collection(tmp_path / "others", OTHERS)
    (folder / "qrels.tsv").write_text("q1\td1\t1\n")
    assert load_collection(folder) == OTHERS


def test_a_query_that_nothing_was_judged_for_is_not_asked(tmp_path: Path) -> None:
    unjudged = replace(OTHERS, queries={**OTHERS.queries, "q2": "冷却"})
    assert load_collection(write_collection(tmp_path / "others", unjudged)) == OTHERS


def test_a_folder_of_collections_stands_for_all_of_them(tmp_path: Path) -> None:
    write_collection(tmp_path / "alloys", ALLOYS)
    write_collection(tmp_path / "others", OTHERS)
    (tmp_path / "notes").mkdir()
    assert load_collections([tmp_path]) == [ALLOYS, OTHERS]


def test_a_collection_named_twice_is_read_once(tmp_path: Path) -> None:
    folder = write_collection(tmp_path / "alloys", ALLOYS)
    assert load_collections([folder, tmp_path, folder / "."]) == [ALLOYS]


def test_two_collections_of_one_name_are_refused(tmp_path: Path) -> None:
    folders = [write_collection(tmp_path / each / "alloys", ALLOYS) for each in "ab"]
    with pytest.raises(CollectionsAlike, match="'alloys'"):
        load_collections(folders)


def test_a_folder_without_a_collection_is_named(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CollectionMissing, match=r"has no corpus\.jsonl"):
            load_collections([folder])


@pytest.mark.parametrize(("file", "named"), [("queries.jsonl", "queries"), ("qrels.tsv", "qrels")])
def test_a_file_that_is_missing_is_named(tmp_path: Path, file: str, named: str) -> None:
    folder = write_collection(tmp_path / "alloys", ALLOYS, packed=False)
    (folder / file).unlink()
    with pytest.raises(CollectionMissing, match=rf"alloys has no {named}"):
        load_collection(folder)


@pytest.mark.parametrize(
    ("file", "content", "place", "reason"),
    [
        ("corpus.jsonl", '{"_id": "d1", "text": "a"}\n{"_id": \n', "line 2", "JSON"),
        ("corpus.jsonl", '{"_id": "d1"}\n', "line 1", "text: Field required"),
        ("corpus.jsonl", '\n{"_id": "", "text": "a"}\n', "line 2", "_id"),
        ("corpus.jsonl", '["d1"]\n', "line 1", "object"),
        ("corpus.jsonl", '{"_id": "d1", "text": "a"}\n' * 2, "line 2", "'d1' comes a second"),
        ("corpus.jsonl", "\n", "corpus.jsonl", "holds no document"),
        ("queries.jsonl", '{"_id": "q1", "text": " "}\n', "line 1", "has no text"),
        ("queries.jsonl", '{"_id": "q1", "text": "a"}\n' * 2, "line 2", "'q1' comes a second"),
        ("qrels.tsv", "h\th\th\nq1\td1\n", "line 2", "between tabs"),
        ("qrels.tsv", "h\th\th\nq1\td1\tgood\n", "line 2", "whole number"),
        ("qrels.tsv", "q1 d1 1\n", "line 1", "between tabs"),
        ("qrels.tsv", "q1\td1\t1\nq9\td1\t1\n", "line 2", "no query 'q9'"),
        ("qrels.tsv", "h\th\th\nq1\td9\t1\n", "line 2", "no document 'd9'"),
        ("qrels.tsv", "q1\td1\t1\nq1\td1\t0\n", "line 2", "judged a second time"),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\n", "qrels.tsv", "judges nothing"),
    ],
)
def test_what_does_not_fit_is_named_by_file_and_line(
    tmp_path: Path, file: str, content: str, place: str, reason: str
) -> None:
    folder = write_collection(tmp_path / "others", OTHERS, packed=False)
    (folder / file).write_text(content, encoding="utf-8")
    with pytest.raises(CollectionMalformed) as refused:
        load_collection(folder)
    assert file in refused.value.message
    assert place in refused.value.message
    assert reason in refused.value.message


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    folder = write_collection(tmp_path / "others", OTHERS, packed=False)
    (folder / "corpus.jsonl").write_bytes('{"_id": "d1", "text": "焼入れ"}'.encode("cp932"))
    with pytest.raises(CollectionMalformed, match="line 1"):
        load_collection(folder)


def test_a_packed_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    folder = write_collection(tmp_path / "alloys", ALLOYS)
    packed = folder / "corpus.jsonl.gz"
    packed.write_bytes(packed.read_bytes()[:40])
    with pytest.raises(CollectionMalformed, match=r"corpus\.jsonl\.gz.*cannot be read"):
        load_collection(folder)


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
