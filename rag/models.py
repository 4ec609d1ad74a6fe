"""What callers send and get: the models behind REST, MCP, the command line and notebooks."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

ProjectId = Annotated[
    str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
]
Query = Annotated[str, Field(min_length=1, max_length=4000)]


class Anchor(BaseModel, frozen=True):
    """Where in its file a passage stands. Only what the format has is set."""

    page: int | None = Field(default=None, description="Page of a PDF or image, from 1.")
    sheet: str | None = Field(default=None, description="Worksheet name.")
    cells: str | None = Field(default=None, description="Cell range in A1 notation, such as A2:F9.")
    cell: str | None = Field(default=None, description="Notebook cell id, or its number from 1.")
    heading: tuple[str, ...] = Field(
        default=(), description="Headings above the passage, outermost first."
    )
    start: int = Field(default=0, description="First character in the extracted text of the file.")
    end: int = Field(default=0, description="One past the last character in the extracted text.")
    hidden: bool = Field(default=False, description="True for a hidden worksheet.")


class ScoreParts(BaseModel, frozen=True):
    """What each retriever gave this passage; null where it did not return it."""

    dense: float | None = Field(default=None, description="Cosine similarity of the embeddings.")
    words: float | None = Field(default=None, description="BM25 over words.")
    bigrams: float | None = Field(default=None, description="BM25 over Japanese character pairs.")


class Hit(BaseModel, frozen=True):
    """A passage that was found, with everything needed to trace it to its file."""

    number: int = Field(description="Rank in this result, from 1; citations use it.")
    passage_id: str
    project_id: str
    file_id: str
    path: str = Field(description="Path inside the project.")
    version: str = Field(
        description="Version of the file that was indexed (SHA-256 or source version)."
    )
    title: str = Field(description="Title of the document, or the file name.")
    anchor: Anchor
    text: str
    score: float = Field(description="Fused score, 1 at most within one result.")
    parts: ScoreParts
    embedding_model: str = Field(description="Model that embedded the passage.")
    link: str | None = Field(
        default=None, description="Page of the file that a person can open; null where none is."
    )
    source_version: str | None = Field(
        default=None, description="The source's own number of this version; null if it has none."
    )


class SearchRequest(BaseModel, frozen=True):
    """A search over the projects the caller may read."""

    query: Query = Field(
        description="What to look for, in Japanese or English.", examples=["熱処理の温度"]
    )
    projects: list[ProjectId] | None = Field(
        default=None,
        max_length=200,
        description="Only these projects; all readable ones when absent.",
    )
    limit: int = Field(default=8, ge=1, le=100)


class SearchAnswer(BaseModel, frozen=True):
    """Hits, best first."""

    query: str
    hits: list[Hit]
    note: str | None = Field(
        default=None,
        description="Why there are no hits, if not for the query: no project may be read, or none"
        " of them is indexed.",
    )
    took_ms: float = Field(description="Milliseconds spent, embedding included.")


class ReadRequest(BaseModel, frozen=True):
    """Read the document around a passage."""

    passage_id: str = Field(min_length=1, max_length=64, description="`passage_id` of a hit.")
    before: int = Field(default=1, ge=0, le=50, description="Passages to add before it.")
    after: int = Field(default=1, ge=0, le=50, description="Passages to add after it.")


class Passage(BaseModel, frozen=True):
    """One stretch of a document's text."""

    passage_id: str
    anchor: Anchor
    text: str


class Reading(BaseModel, frozen=True):
    """Neighbouring passages of one document, in reading order."""

    project_id: str
    file_id: str
    path: str
    version: str
    title: str
    passages: list[Passage]
    total_passages: int


class AskRequest(BaseModel, frozen=True):
    """A question to be answered from the projects the caller may read."""

    question: Query = Field(examples=["AZ91合金の溶体化処理は何度で何時間でしたか"])
    projects: list[ProjectId] | None = Field(default=None, max_length=200)
    limit: int = Field(default=8, ge=1, le=30, description="Passages to read before answering.")


class Citation(BaseModel, frozen=True):
    """A stretch of the answer and the hits that support it."""

    start: int = Field(description="First character of the claim in `text`.")
    end: int = Field(description="One past its last character.")
    hits: list[int] = Field(description="Numbers of the cited hits.")


class Answer(BaseModel, frozen=True):
    """An answer whose every claim cites hits by number."""

    question: str
    text: str
    mode: Literal["model", "extractive", "nothing_found"] = Field(
        description="model: written by a chat model, citations checked; extractive: sentences"
        " quoted from the hits, no model used; nothing_found: no passage fits."
    )
    model: str | None = Field(description="Chat model that wrote the text; null if none did.")
    note: str | None = Field(
        default=None,
        description="Why no model wrote the answer, what was dropped, or why nothing was found.",
    )
    citations: list[Citation]
    hits: list[Hit]


class AnswerHits(BaseModel, frozen=True):
    """First event of a streamed answer: what will be cited."""

    type: Literal["hits"] = "hits"
    hits: list[Hit]


class AnswerText(BaseModel, frozen=True):
    """A further stretch of the answer, its citations already checked."""

    type: Literal["text"] = "text"
    text: str


class AnswerDone(BaseModel, frozen=True):
    """Last event: the whole answer."""

    type: Literal["done"] = "done"
    answer: Answer


AnswerEvent = AnswerHits | AnswerText | AnswerDone


class ProjectSummary(BaseModel, frozen=True):
    """A project the caller may read, and the state of its index."""

    project_id: str
    title: str
    files: int
    passages: int
    failed: int = Field(description="Files that could not be indexed; see the project's files.")
    indexed_at: str | None = Field(description="ISO 8601 time of the last finished indexing.")


class ProjectList(BaseModel, frozen=True):
    """The projects the caller may read, by title."""

    projects: list[ProjectSummary]


class FileFailure(BaseModel, frozen=True):
    """A file that could not be indexed, and why."""

    path: str
    code: str
    message: str


class StalePart(BaseModel, frozen=True):
    """A file, or all below a path that ends in `/`, that could not be had: its last state stays."""

    path: str
    code: str
    message: str


class IndexReport(BaseModel, frozen=True):
    """What an indexing run did, also while it runs."""

    project_id: str
    stage: Literal["listing", "indexing", "done"]
    seen: int = 0
    todo: int = Field(default=0, description="Files that had to be read in this run.")
    done: int = Field(
        default=0, description="Files of `todo` that are finished, failed ones included."
    )
    unchanged: int = 0
    removed: int = 0
    moved: int = Field(
        default=0, description="Files found under another path: only their labels were written."
    )
    passages: int = Field(default=0, description="Passages embedded in this run.")
    current: str | None = Field(default=None, description="Path of the file being read.")
    current_project: str | None = Field(
        default=None, description="Project whose files are being read; a source may have several."
    )
    eta_s: float | None = Field(
        default=None, description="Seconds that the rest will take at the pace so far."
    )
    failed: int = Field(default=0, description="Files that could not be indexed.")
    failures: list[FileFailure] = Field(
        default_factory=list[FileFailure], description="The first 100 of them."
    )
    stale: list[StalePart] = Field(
        default_factory=list[StalePart],
        description="What could not be had now: the index keeps what it held of it.",
    )
