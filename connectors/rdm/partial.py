"""A file that arrives in parts: what of it is there, and whether a further part continues it."""

import hashlib
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,19})-\d{1,19}/(\d{1,19}|\*)")
_VALIDATORS: Final = ("etag", "last-modified")


class PartialFile:
    """The beginning of a file, on this machine's disk.

    Blocks are as small as the network gives them: writing one holds up nobody.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.restart({})

    def restart(self, headers: Mapping[str, str]) -> None:
        """Throw away what is there; `headers` are those of the answer that now begins."""
        self._file.seek(0)
        self._file.truncate()
        self._digest = hashlib.sha256()
        self._validators = _validators(headers)
        self.size = 0
        self.is_joined = False

    def add(self, block: bytes) -> None:
        """Append a block."""
        self._file.write(block)
        self._digest.update(block)
        self.size += len(block)

    @property
    def sha256(self) -> str:
        """Hash, in hex, of what is there."""
        return self._digest.hexdigest()

    @property
    def has_validators(self) -> bool:
        """Whether the server said something by which another version would be noticed."""
        return any(self._validators)

    def joins(self, headers: Mapping[str, str], *, size: int | None) -> bool:
        """Tell whether the part in an answer 206 begins where this ends, of the same version.

        `size` is that of the whole file, where it is known.
        """
        told = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
        if told is None or int(told[1]) != self.size:
            return False
        is_same_size = size is None or told[2] in {"*", str(size)}
        return is_same_size and _validators(headers) == self._validators


@contextmanager
def open_partial(target: Path) -> Generator[PartialFile]:
    """Begin a file at `target`; if the block fails, nothing is left of it.

    Raises:
        FileExistsError: something is there already; it is left alone.
    """
    with target.open("xb") as file:
        try:
            yield PartialFile(file)
        except BaseException:
            target.unlink()
            raise


def _validators(headers: Mapping[str, str]) -> tuple[str | None, ...]:
    return tuple(headers.get(name) for name in _VALIDATORS)
