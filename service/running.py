"""The running service of a data folder: where it listens, and the token of its own operator.

`fumikura serve` writes `service.json`, readable by its user alone. Whoever can read it could read
the data folder itself, so its token stands for the local operator.
"""

import json
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import BaseModel, SecretStr

_NAME: Final = "service.json"
_PREFIX: Final = "fml_"


class RunningService(BaseModel, frozen=True):
    """What a command needs to talk to the service."""

    url: str
    token: SecretStr | None
    pid: int


def new_token() -> str:
    """Return a token of 256 random bits; unlike a key, it is nowhere in the database."""
    return _PREFIX + secrets.token_hex(32)


@contextmanager
def announced(data_folder: Path, *, url: str, token: str) -> Generator[None]:
    """Tell commands of this data folder where this process serves, until the block ends."""
    path = data_folder / _NAME
    aside = path.with_name(f"{_NAME}.{os.getpid()}")
    facts = {"url": url, "token": token, "pid": os.getpid()}
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(facts, file)
    aside.replace(path)
    try:
        yield
    finally:
        now = find_running(data_folder)
        if now is not None and now.token == SecretStr(token):  # else it is another's by now
            path.unlink(missing_ok=True)


def find_running(data_folder: Path) -> RunningService | None:
    """Return the announced service whose process is alive; a stale file counts as none."""
    try:
        text = (data_folder / _NAME).read_text(encoding="utf-8")
        service = RunningService.model_validate_json(text)
        os.kill(service.pid, 0)
    except (OSError, ValueError):  # no such file or process, not ours, or no announcement
        return None
    return service
