"""What the parsing child tells its parent about one file."""

from pydantic import BaseModel

from rag.parsing.document import ParsedDocument
from rag.parsing.problems import FailureCode


class ChildAnswer(BaseModel, frozen=True):
    """The file's document, or why there is none: exactly one is set."""

    document: ParsedDocument | None = None
    failure: FailureCode | None = None
