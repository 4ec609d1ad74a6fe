"""Where a bug came from, for the log: places and types, never the message or a value."""

import asyncio
import logging
import traceback
from typing import cast


def trace_of(error: BaseException) -> str:
    """Return the error's type and the places it passed, innermost first.

    Messages are left out: those of parsers, validators and databases quote what they were given.
    """
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return "; and ".join(trace_of(each) for each in group.exceptions)
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
    cause = error.__cause__ or error.__context__
    earlier = "" if cause is None else f"; from {trace_of(cause)}"
    return f"{type(error).__module__}.{type(error).__qualname__} at {' < '.join(places)}{earlier}"


def tell_if_it_breaks(task: "asyncio.Task[None]", log: logging.Logger, what: str) -> None:
    """Let the log say at once that a task broke that goes on for ever: nobody waits for it."""

    def tell(ended: "asyncio.Task[None]") -> None:
        if not ended.cancelled() and (error := ended.exception()) is not None:
            log.critical("%s: %s", what, trace_of(error))

    task.add_done_callback(tell)
