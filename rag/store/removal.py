"""Remove a collection that nobody uses any more."""

import shutil
from pathlib import Path

from rag.store.lock import engine_lock


def remove_folder(folder: Path, collection: str) -> None:
    """Remove a collection of the embedded store inside `folder`; again does no harm.

    It is moved out of the way first: what dies halfway leaves no part of a collection to be opened.
    """
    doomed = folder / f"{collection}.removed"
    shutil.rmtree(doomed, ignore_errors=True)
    home = folder / collection
    if home.exists():
        home.rename(doomed)
        shutil.rmtree(doomed)
    engine_lock(folder, collection).unlink(missing_ok=True)
