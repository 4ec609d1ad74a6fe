"""Make requests of what was typed; what does not fit is told by its field."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from contracts.problems import InvalidRequest

ModelT = TypeVar("ModelT", bound=BaseModel)


def checked(model: type[ModelT], **fields: Any) -> ModelT:  # noqa: ANN401 - fields of the model
    """Return the request.

    Raises:
        InvalidRequest: names the first field at fault.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, fault["loc"])) or model.__name__
        raise InvalidRequest(
            f"{place}: {fault['msg']}", hint="Add --help to see what the command takes."
        ) from error
