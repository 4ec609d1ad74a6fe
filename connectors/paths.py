"""Names of files: what is worth indexing, how a path is shown, and the id that follows from it."""

import re
import unicodedata
from uuid import UUID, uuid5

_FILE_IDS = UUID("6f1c2b52-61e5-4d3c-9a0b-1f5d6c7e8a90")
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "lost+found"})
_SKIPPED_FILES = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})
_TEMPORARY = re.compile(
    r"^(~\$|~wrl|#.*#$)|(~|\.tmp|\.temp|\.swp|\.swo|\.part|\.partial|\.crdownload|\.lock)$",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def is_skipped_file(name: str) -> bool:
    """Tell hidden files, temporary files of editors and Office, and what file managers leave."""
    return (
        name.startswith(".")
        or name.casefold() in _SKIPPED_FILES
        or _TEMPORARY.search(name) is not None
    )


def is_skipped_folder(name: str) -> bool:
    """Tell hidden folders and those that programs keep their own files in."""
    return name.startswith(".") or name in _SKIPPED_FOLDERS


def shown_path(relative: str) -> str:
    """Return a path as people see it: NFC, with a replacement sign for what cannot be shown.

    That is, for bytes that are no UTF-8 and for control characters.
    """
    readable = relative.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _CONTROL.sub("\ufffd", unicodedata.normalize("NFC", readable))


class FileIds:
    """Gives the files of one listing their ids: the same for the same project and shown paths.

    So a project has the same ids whether its files are read from a copy, a mount or an API.
    """

    def __init__(self, project_id: str) -> None:
        self._project_id = project_id
        self._taken: set[str] = set()

    def give(self, locator: str) -> str:
        """Return the id of the file whose path, in the source's own spelling, is `locator`.

        Of two paths that look alike, one composed and one decomposed, the second to come gets an
        id of its own spelling: ask in a fixed order.
        """
        file_id = self._made_of(shown_path(locator))
        if file_id in self._taken:
            file_id = self._made_of(locator.encode("utf-8", "surrogateescape").hex())
        self._taken.add(file_id)
        return file_id

    def _made_of(self, name: str) -> str:
        return str(uuid5(_FILE_IDS, f"{self._project_id}\n{name}"))
