"""Problems in the form that OpenAI's clients read, for the routes that speak as OpenAI does."""

from typing import Final

from pydantic import BaseModel, Field

from contracts.problems import Problem
from inference.gateway.endpoints import ENDPOINTS, MODELS
from inference.gateway.errors import TYPES
from service.rest.problems import FieldInvalid

PATHS: Final = (MODELS, *ENDPOINTS)


class OpenAIFault(BaseModel, frozen=True):
    """What went wrong, in OpenAI's words."""

    message: str = Field(description="What is wrong, and the next step.")
    type: str = Field(description="Such as invalid_request_error.")
    code: str = Field(description="Stable; the same codes as everywhere else in this API.")
    param: str | None = Field(description="The field at fault, if it is one.")


class OpenAIErrorBody(BaseModel, frozen=True):
    """An error as OpenAI's API sends it."""

    error: OpenAIFault


def speaks_openai(path: str) -> bool:
    """Tell whether the errors of this path have OpenAI's form."""
    return any(path == base or path.startswith(f"{base}/") for base in PATHS)


def openai_body(problem: Problem) -> OpenAIErrorBody:
    """Return the problem in that form."""
    return OpenAIErrorBody(
        error=OpenAIFault(
            message=f"{problem.message} {problem.hint}",
            type=TYPES.get(problem.kind, "invalid_request_error"),
            code=problem.code,
            param=problem.field if isinstance(problem, FieldInvalid) else None,
        )
    )
