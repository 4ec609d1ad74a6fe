"""Copy what a service keeps without the holes in its store, which would fill the disk."""

import os
import shutil
from collections.abc import Iterator
from errno import ENXIO
from pathlib import Path


def copy_folder(source: Path, target: Path) -> Path:
    """Copy a folder and all below it; return the copy."""
    return shutil.copytree(source, target, copy_function=_copy_sparsely)


def _copy_sparsely(source: str, target: str) -> None:
    """Copy a file without its holes, of which those of a store are almost full."""
    with Path(source).open("rb") as reading, Path(target).open("wb") as writing:
        for begin, end in _written(reading.fileno()):
            reading.seek(begin)
            writing.seek(begin)
            writing.write(reading.read(end - begin))
        writing.truncate(Path(source).stat().st_size)


def _written(file: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a file that are no holes."""
    end = 0
    while True:
        try:
            begin = os.lseek(file, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno != ENXIO:  # there is no more
                raise
            return
        end = os.lseek(file, begin, os.SEEK_HOLE)
        yield begin, end
