"""Identifiers, formulas and quantities are found in the forms in which people type them."""

from collections import Counter
from collections.abc import AsyncGenerator

import pytest
from click.testing import CliRunner

from evals.identifiers.__main__ import main
from evals.identifiers.bench import Answered, answer, recall_by_form
from evals.identifiers.fixture import Question, notes, questions
from inference.local_embedder import LocalEmbedder
from rag.language import guess_language
from rag.store.edge import EdgeStore


def _no_progress() -> None:
    """Stand in for a progress bar."""


@pytest.fixture(scope="module")
async def answered(
    minilm: LocalEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[list[Answered]]:
    store = await EdgeStore.open(
        tmp_path_factory.mktemp("notes"), model=minilm.model, dimensions=minilm.dimensions
    )
    yield await answer(notes(), questions(), store=store, embedder=minilm, tick=_no_progress)
    await store.close()


async def test_of_a_hundred_queries_ninety_five_are_answered_among_the_first_five(
    answered: list[Answered],
) -> None:
    assert recall_by_form(answered)["all"] >= 0.95


async def test_no_form_is_left_behind(answered: list[Answered]) -> None:
    assert min(recall_by_form(answered).values()) >= 0.85


def test_the_queries_are_many_and_in_both_languages() -> None:
    languages = Counter(guess_language(question.text) for question in questions())
    assert languages.total() >= 60
    assert min(languages["ja"], languages["en"]) >= 20


def test_every_query_means_notes_that_exist() -> None:
    known = {note.id for note in notes()}
    assert len(known) == len(notes())
    assert all(known.issuperset(question.answers) for question in questions())
    assert all(question.answers for question in questions())


def test_recall_is_the_share_of_what_was_meant_among_the_first_five() -> None:
    question = Question(form="alloy", text="AZ91", answers=("a", "f"))
    assert Answered(question, ["a", "b", "c", "d", "e", "f"]).recall == 0.5


def test_the_mean_of_each_form_and_of_all_is_told() -> None:
    found = [
        Answered(Question(form=form, text="?", answers=("a",)), [best])
        for form, best in (("alloy", "a"), ("alloy", "b"), ("sample", "a"))
    ]
    assert recall_by_form(found) == {"alloy": 0.5, "sample": 1.0, "all": pytest.approx(2 / 3)}


@pytest.mark.usefixtures("minilm")
def test_the_command_tells_each_form() -> None:
    printed = CliRunner().invoke(main, [])
    assert printed.exit_code == 0
    assert "power of ten" in printed.stdout
