"""Index the notes as the service does, and search them as a caller does."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from connectors.ports import SourceFile
from contracts.principal import Principal
from evals.identifiers.fixture import Note, Question
from rag.ingest import cut_document, embed_passages
from rag.models import Anchor, SearchRequest
from rag.parsing.document import ParsedDocument, Piece
from rag.ports import Embedder, KnownProject
from rag.search import Search
from rag.store.port import VectorStore

DEPTH: Final = 5
_EVALUATOR: Final = Principal(id="evaluator", name="Evaluation", scopes=frozenset({"read"}))
_PROJECT: Final = "laboratory"


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with the notes that were found, best first, and its Recall@5."""

    question: Question
    found: Sequence[str]

    @property
    def recall(self) -> float:
        """Return the share of the notes meant that are among the first five found."""
        meant = set(self.question.answers)
        return len(meant.intersection(self.found[:DEPTH])) / len(meant)


class _Laboratory:
    """Implements `rag.ports.ProjectAccess`: the evaluator may read the notes."""

    async def readable_projects(
        self, principal: Principal, among: Collection[str] | None = None
    ) -> list[KnownProject]:
        wanted = principal == _EVALUATOR and (among is None or _PROJECT in among)
        return [KnownProject(_PROJECT, _PROJECT, None)] if wanted else []


async def answer(
    notes: Sequence[Note],
    questions: Sequence[Question],
    *,
    store: VectorStore,
    embedder: Embedder,
    tick: Callable[[], None],
) -> list[Answered]:
    """Put the notes into an empty store and search it; `tick` is called after each question."""
    for note in notes:
        cut = cut_document(*_as_file(note), embedder)
        await store.upsert(await embed_passages(_PROJECT, cut, embedder))
    await store.flush()
    search = Search(embedder=embedder, store=store, access=_Laboratory())
    answered: list[Answered] = []
    for question in questions:
        reply = await search.search(_EVALUATOR, SearchRequest(query=question.text, limit=DEPTH))
        answered.append(Answered(question, [hit.file_id for hit in reply.hits]))
        tick()
    return answered


def recall_by_form(answered: Sequence[Answered]) -> dict[str, float]:
    """Return the mean Recall@5 of each form, and of all questions together (`all`)."""
    by_form: dict[str, list[float]] = defaultdict(list)
    for each in answered:
        by_form[each.question.form].append(each.recall)
    means = {form: fmean(recalls) for form, recalls in by_form.items()}
    return {**means, "all": fmean(each.recall for each in answered)}


def _as_file(note: Note) -> tuple[SourceFile, ParsedDocument]:
    file = SourceFile(
        file_id=note.id, path=note.id, size=len(note.text), version="1", modified=None
    )
    piece = Piece(kind="text", text=note.text, anchor=Anchor())
    return file, ParsedDocument(title=note.title, media_type="text/plain", pieces=[piece])
