"""What callers send and get: the models behind REST, MCP, the command line and notebooks."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from rag.labels import MAX_TAG_CHARS, asked_prefix, asked_tag, asked_type

MAX_CURSOR_CHARS: Final = 16_384

ProjectId = Annotated[
    str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
]
Query = Annotated[str, Field(min_length=1, max_length=4000)]
FileType = Annotated[str, Field(max_length=32), AfterValidator(asked_type)]
Tag = Annotated[str, Field(max_length=MAX_TAG_CHARS), AfterValidator(asked_tag)]
PathPrefix = Annotated[str, Field(max_length=1000), AfterValidator(asked_prefix)]
Language = Annotated[str, Field(min_length=2, max_length=3), AfterValidator(str.lower)]


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
    sparse: float | None = Field(default=None, description="Weights that the model learned.")
    rerank: float | None = Field(
        default=None, description="What the reranker gave it; those it read come first, by this."
    )


class Span(BaseModel, frozen=True):
    """A stretch of a text, in characters (Unicode code points)."""

    start: int = Field(description="First character.")
    end: int = Field(description="One past the last character.")


class Passage(BaseModel, frozen=True):
    """One stretch of a document's text."""

    passage_id: str
    anchor: Anchor
    text: str


class Hit(BaseModel, frozen=True):
    """A passage that was found, with everything needed to trace it to its file."""

    number: int = Field(
        description="Rank, from 1 on the first page and going on over the next; citations use it."
    )
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
    highlights: list[Span] = Field(
        default_factory=list[Span],
        description="Where `text` has what the query asks for: in order, none overlapping.",
    )
    before: list[Passage] = Field(
        default_factory=list[Passage],
        description="Passages before it in its document, in reading order, if asked for.",
    )
    after: list[Passage] = Field(
        default_factory=list[Passage], description="Passages after it, if asked for."
    )
    score: float = Field(description="Fused score, 1 at most within one result.")
    parts: ScoreParts
    embedding_model: str = Field(description="Model that embedded the passage.")
    link: str | None = Field(
        default=None, description="Page of the file that a person can open; null where none is."
    )
    source_version: str | None = Field(
        default=None, description="The source's own number of this version; null if it has none."
    )
    language: str = Field(default="", description="Language of the passage, ISO 639-1.")
    tags: list[str] = Field(
        default_factory=list[str],
        description="Tags of its project and keywords of its document, in lower case.",
    )
    modified: datetime | None = Field(
        default=None, description="When the file was last changed, where its source knows."
    )


def _utc(time: datetime) -> datetime:
    """Return a moment in UTC; one without a zone is UTC already."""
    try:
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no calendar has this time") from error


Moment = Annotated[
    datetime,
    AfterValidator(_utc),
    Field(json_schema_extra={"maxLength": 40}),  # what is longer is none
]


class Narrowing(BaseModel, frozen=True, extra="forbid"):
    """What a search is narrowed to: all conditions at once, any value of each.

    A condition that is misspelt is refused: it must not become a search of everything.
    """

    projects: list[ProjectId] | None = Field(
        default=None, max_length=200, description="All when absent."
    )
    file_types: list[FileType] = Field(
        default_factory=list[FileType], max_length=50, description="Such as pdf."
    )
    tags: list[Tag] = Field(
        default_factory=list[Tag], max_length=50, description="Of project or document."
    )
    paths: list[PathPrefix] = Field(
        default_factory=list[PathPrefix],
        max_length=50,
        description="Beginnings, such as data/.",
    )
    languages: list[Language] = Field(
        default_factory=list[Language], max_length=50, description="Such as ja."
    )
    modified_from: Moment | None = Field(default=None, description="ISO 8601; UTC without a zone.")
    modified_before: Moment | None = Field(default=None)

    @model_validator(mode="after")
    def _has_a_time_between(self) -> Self:
        """Refuse what nothing could fit: its sender meant something else."""
        begin, end = self.modified_from, self.modified_before
        if begin is not None and end is not None and begin >= end:
            raise ValueError("`modified_from` must be earlier than `modified_before`")
        return self


class SearchRequest(Narrowing, frozen=True):
    """A search over the projects the caller may read."""

    query: Query = Field(description="Japanese or English.", examples=["熱処理の温度"])
    limit: int = Field(default=8, ge=1, le=100, description="Hits, or files, a page.")
    neighbours: int = Field(default=0, ge=0, le=3, description="Passages on each side of a hit.")
    group_by: Literal["file"] | None = Field(
        default=None, description="Up to 3 hits a file, together."
    )
    unique_texts: bool = False
    cursor: str | None = Field(
        default=None,
        max_length=MAX_CURSOR_CHARS,
        description="`next_cursor` of the page before.",
    )


class SearchAnswer(BaseModel, frozen=True):
    """A page of hits, best first; where grouped, the hits of a file stand together."""

    query: str
    hits: list[Hit]
    next_cursor: str | None = Field(
        default=None,
        description="Ask the same with it as `cursor` for the next page; null on the last one.",
    )
    reranked_by: str | None = Field(
        default=None, description="The model that put the best of these hits in their order."
    )
    note: str | None = Field(
        default=None,
        description="Why there are no hits, if not for the query (no project may be read, or none"
        " of them is indexed), or what the search had to do without.",
    )
    took_ms: float = Field(description="Milliseconds spent, embedding included.")


class ReadRequest(BaseModel, frozen=True):
    """Read the document around a passage."""

    passage_id: str = Field(min_length=1, max_length=64, description="`passage_id` of a hit.")
    before: int = Field(default=1, ge=0, le=50, description="Passages before it.")
    after: int = Field(default=1, ge=0, le=50, description="Passages after it.")


class Reading(BaseModel, frozen=True):
    """Neighbouring passages of one document, in reading order."""

    project_id: str
    file_id: str
    path: str
    version: str
    title: str
    passages: list[Passage]
    total_passages: int


class AskRequest(Narrowing, frozen=True):
    """A question to be answered from the projects the caller may read."""

    question: Query = Field(examples=["AZ91合金の溶体化処理は何度で何時間でしたか"])
    limit: int = Field(default=8, ge=1, le=30, description="Passages to read.")

    def as_search(self) -> SearchRequest:
        """Return the search for what the answer is made from."""
        narrowing = {name: getattr(self, name) for name in Narrowing.model_fields}
        return SearchRequest(query=self.question, limit=self.limit, **narrowing)


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
