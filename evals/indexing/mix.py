"""The documents that indexing is timed on: all English ones of the sets, and some Japanese."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from evals.retrieval.collection import Document, load_collection

_ENGLISH: Final = "en_*"
_JAPANESE: Final = "ja_jsquad_valid"
_JAPANESE_DOCUMENTS: Final = 364  # with the 1,638 English ones: 2,002


def english_documents(data: Path) -> list[Document]:
    """Return the documents of the English sets in a folder of sets."""
    folders = sorted(path for path in data.glob(_ENGLISH) if path.is_dir())
    return [each for folder in folders for each in load_collection(folder).documents]


def mixed_documents(data: Path) -> list[Document]:
    """Return the English documents, and Japanese ones spread evenly between them."""
    english = english_documents(data)
    japanese = load_collection(data / _JAPANESE).documents[:_JAPANESE_DOCUMENTS]
    places = {
        (number * len(english)) // len(japanese): document
        for number, document in enumerate(japanese)
    }
    mixed: list[Document] = []
    for place, document in enumerate(english):
        mixed += [*([places[place]] if place in places else []), document]
    return mixed


def write_files(documents: Sequence[Document], folder: Path) -> None:
    """Write each document as a Markdown file under its title, a hundred to a folder."""
    for number, document in enumerate(documents):
        path = folder / f"{number // 100:03}" / f"{number:05}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {document.title}\n\n{document.text}\n", encoding="utf-8")
