"""Make requests of what was typed; what does not fit is told by its field."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from contracts.problems import InvalidRequest

ModelT = TypeVar("ModelT", bound=BaseModel)


def checked(model: type[ModelT], **fields: Any) -> ModelT:  # noqa: ANN401 - fields of the model
    """Return the request.

    Raises:
        InvalidRequest: names the first field at fault, also one that the model does not have.
    """
    unknown = [name for name in fields if name not in model.model_fields]
    if unknown:
        raise InvalidRequest(
            f"There is no field {unknown[0]!r}.",
            hint=f"The fields are: {', '.join(model.model_fields)}.",
        )
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        said = [".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")]
        raise InvalidRequest(
            ": ".join(filter(None, said)), hint="Add --help to see what the command takes."
        ) from error
