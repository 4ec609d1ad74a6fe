import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.sources import JobInfo, SourceInfo, SourceStatus
from contracts.problems import NotAllowed, ServiceUnreachable
from mcp_server.text import (
    answer_text,
    hits_text,
    job_text,
    problem_text,
    projects_text,
    reading_text,
    source_text,
)
from rag.models import (
    Anchor,
    Answer,
    Citation,
    FileFailure,
    Hit,
    IndexReport,
    Passage,
    ProjectList,
    ProjectSummary,
    Reading,
    ScoreParts,
    SearchAnswer,
    StalePart,
)


def _hit(number: int = 1, *, text: str = "413℃で16時間", path: str = "報告.pdf") -> Hit:
    return Hit(
        number=number,
        passage_id=f"id-{number}",
        project_id="alloy",
        file_id="f",
        path=path,
        version="1",
        title="報告",
        anchor=Anchor(page=3, heading=("実験", "熱処理")),
        text=text,
        score=1.0,
        parts=ScoreParts(),
        embedding_model="m",
    )


def _answer(*, citations: list[Citation], note: str | None) -> Answer:
    return Answer(
        question="何度?",
        text="413℃[2]",
        mode="extractive",
        model=None,
        note=note,
        citations=citations,
        hits=[_hit(1), _hit(2)],
    )


def test_a_hit_shows_its_number_file_place_text_and_passage_id() -> None:
    assert hits_text(SearchAnswer(query="q", hits=[_hit()], took_ms=1)) == (
        '<passage number="1" project="alloy" from="報告.pdf, p. 3, 実験 › 熱処理"'
        ' passage_id="id-1">\n413℃で16時間\n</passage>'
    )


def test_neighbours_stand_around_their_hit_without_a_number() -> None:
    before = Passage(passage_id="id-0", anchor=Anchor(page=2), text="前")
    after = Passage(passage_id="id-2", anchor=Anchor(page=3), text="後")
    hit = _hit().model_copy(update={"before": [before], "after": [after]})
    shown = hits_text(SearchAnswer(query="q", hits=[hit], took_ms=1))
    assert re.findall(r"<passage (?:number|from)", shown) == [
        "<passage from",
        "<passage number",
        "<passage from",
    ]
    assert re.findall("前|413℃|後", shown) == ["前", "413℃", "後"]


def test_below_the_hits_stands_what_was_missing_and_how_to_go_on() -> None:
    answer = SearchAnswer(
        query="q", hits=[_hit()], took_ms=1, note="No reranker.", next_cursor="c2"
    )
    assert hits_text(answer).splitlines()[-2:] == [
        "No reranker.",
        "More: the same search with cursor c2",
    ]


def test_a_search_without_hits_says_what_to_try() -> None:
    assert "Try other words" in hits_text(SearchAnswer(query="q", hits=[], took_ms=1))


@given(
    text=st.text(st.sampled_from(list('<>/passgePASSGE "\n')), max_size=40),
    path=st.text(st.sampled_from(list('<>/passge "\n')), max_size=40),
)
@settings(max_examples=200)
def test_no_file_can_end_or_forge_a_passage(text: str, path: str) -> None:
    shown = hits_text(SearchAnswer(query="q", hits=[_hit(text=text, path=path)], took_ms=1))
    marks = re.findall(r"</?passage\b", shown, re.IGNORECASE)
    assert marks == ["<passage", "</passage"]
    assert shown.splitlines()[0].count('"') == 8


def test_a_reading_names_the_document_once_and_the_place_of_each_passage() -> None:
    sheet = Anchor(sheet="試料", cells="A2:F9", hidden=True)
    passages = [
        Passage(passage_id="a", anchor=Anchor(cell="4"), text="一"),
        Passage(passage_id="b", anchor=sheet, text="二"),
        Passage(passage_id="c", anchor=Anchor(), text="三"),
    ]
    reading = Reading(
        project_id="alloy",
        file_id="f",
        path="表.xlsx",
        version="1",
        title="試料表",
        passages=passages,
        total_passages=7,
    )
    assert reading_text(reading) == (
        "alloy: 表.xlsx (試料表), 3 of 7 passages\n"
        '<passage from="cell 4" passage_id="a">\n一\n</passage>\n'
        '<passage from="試料 A2:F9 (hidden)" passage_id="b">\n二\n</passage>\n'
        '<passage passage_id="c">\n三\n</passage>'
    )


def test_an_answer_tells_where_each_cited_number_stands_and_no_other() -> None:
    cited = [Citation(start=0, end=4, hits=[2])]
    assert answer_text(_answer(citations=cited, note="引用です。")) == (
        "413℃[2]\n\n引用です。\n\n[2] alloy: 報告.pdf, p. 3, 実験 › 熱処理 (passage_id id-2)"
    )


def test_an_answer_without_note_or_sources_is_its_text() -> None:
    assert answer_text(_answer(citations=[], note=None)) == "413℃[2]"


def test_a_project_is_one_line_with_the_state_of_its_index() -> None:
    project = ProjectSummary(
        project_id="alloy", title="合金", files=25, passages=210, failed=2, indexed_at="2026-10-01"
    )
    new = ProjectSummary(
        project_id="veda", title="Veda", files=0, passages=0, failed=0, indexed_at=None
    )
    assert projects_text(ProjectList(projects=[project, new])) == (
        "alloy: 合金 (25 files, 210 passages, 2 files not readable, indexed 2026-10-01)\n"
        "veda: Veda (0 files, 0 passages, never indexed)"
    )


def test_no_project_is_said_in_words() -> None:
    assert projects_text(ProjectList(projects=[])) == "There is no project that this key may read."


def test_a_problem_ends_with_its_next_step() -> None:
    assert problem_text(NotAllowed("read").body()).splitlines() == [
        "scope_missing: This key does not have the scope 'read'.",
        "このキーには権限「read」がありません。",
        "Next step: Ask an operator for a key with it: `fumikura keys create --scope read`.",
    ]


def test_a_problem_that_passes_says_when() -> None:
    busy = ServiceUnreachable("The model", reason="it is starting", retry_after_s=2.5)
    assert problem_text(busy.body()).endswith("Retry after 2.5 s.")


def _job(**changes: object) -> JobInfo:
    job = JobInfo(
        job_id="j1",
        project_id="rdm-abc12",
        status="running",
        attempt=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return job.model_copy(update=changes)


def test_a_sync_that_has_not_begun_is_one_line() -> None:
    assert job_text(_job(status="queued")) == "sync j1 of rdm-abc12: queued"


def test_a_running_sync_tells_how_far_it_is_and_how_long_it_takes() -> None:
    report = IndexReport(
        project_id="rdm-abc12", stage="indexing", seen=9, todo=4, done=1, unchanged=5, eta_s=12.4
    )
    assert job_text(_job(report=report)).splitlines()[1] == (
        "9 files seen, 1 of 4 read, 5 unchanged, 0 moved, 0 removed, 0 failed, about 12 s left"
    )


def test_what_failed_and_what_is_stale_is_told_of_the_first_few_on_one_line_each() -> None:
    failures = [
        FileFailure(path=f"{n}\n.pdf", code="encrypted", message="locked") for n in range(9)
    ]
    stale = [StalePart(path="googledrive/", code="rdm_unavailable", message="away")]
    report = IndexReport(
        project_id="rdm-abc12", stage="done", failed=9, failures=failures, stale=stale
    )
    lines = job_text(_job(report=report)).splitlines()
    assert lines[2:] == [
        *(f"failed: {n} .pdf: locked" for n in range(5)),
        "stale: googledrive/: away",
    ]


def test_a_failed_sync_says_what_to_do() -> None:
    error = ServiceUnreachable("Qdrant", reason="timed out").body()
    assert "Next step: " in job_text(_job(status="failed", error=error))


def test_a_source_is_told_with_its_last_sync_and_its_projects() -> None:
    source = SourceInfo(
        source_id="rdm-abc12",
        title="鋼",
        kind="rdm",
        location="rdm:abc12",
        next_sync_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    )
    project = ProjectSummary(
        project_id="rdm-abc12", title="鋼", files=2, passages=7, failed=0, indexed_at=None
    )
    told = source_text(SourceStatus(source=source, projects=[project]))
    assert told.splitlines() == [
        "rdm-abc12: 鋼 (rdm:abc12, next sync 2026-01-02 03:04 UTC)",
        "never synced",
        "rdm-abc12: 鋼 (2 files, 7 passages, never indexed)",
    ]


def test_a_source_that_is_gone_says_so() -> None:
    gone = SourceInfo(source_id="a", title="a", kind="rdm", location="rdm:abc12", gone=True)
    assert "gone where it comes from" in source_text(SourceStatus(source=gone, projects=[]))


def test_a_cited_file_of_rdm_is_told_with_its_page() -> None:
    hit = _hit(1).model_copy(update={"link": "https://rdm.nii.ac.jp/abc12/files/"})
    citations = [Citation(start=0, end=4, hits=[1])]
    answer = _answer(citations=citations, note=None).model_copy(update={"hits": [hit]})
    assert answer_text(answer).endswith("(passage_id id-1) https://rdm.nii.ac.jp/abc12/files/")


def test_why_there_is_no_hit_is_told_where_it_is_not_the_query() -> None:
    answer = SearchAnswer(query="q", hits=[], took_ms=1, note="Nothing is indexed yet.")
    assert hits_text(answer) == "Nothing is indexed yet."
