"""Write the sample files that are no plain UTF-8 text; those that are were written by hand."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from samples.encoded import ENCODED, encoded_text
from samples.fonts import DEVANAGARI, HANDWRITING, FontsMissingError, find_fonts
from samples.markup import blocks_of
from samples.notebook import notebook_of
from samples.pictures import label_of, page_of_verses
from samples.protocol import docx_of
from samples.report import pdf_of
from samples.workbook import xlsx_of

_SAMPLES = Path(__file__).parents[1] / "samples"
_SOURCES = Path(__file__).parent / "samples" / "sources"
_SHEETS = ("試料台帳", "引張試験", "旧番号")

_File = tuple[str, bytes]  # its path among the samples, and its content


def main() -> None:
    """Write all of them; end with exit status 1 and the missing packages where a font is absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=_SAMPLES, help="write here")
    parser.add_argument(
        "--fonts", type=Path, default="/usr/share/fonts", help="look for fonts here"
    )
    options = parser.parse_args()
    _write(options.folder, encoded_texts())
    _write(options.folder, office_files())
    _write(options.folder, notebooks(options.folder))  # whose code reads one of the texts
    try:
        _write(options.folder, pictures(options.fonts))
    except FontsMissingError as error:
        sys.exit(str(error))


def encoded_texts() -> Iterator[_File]:
    """Yield the texts that are not in UTF-8."""
    for path, codec in ENCODED.items():
        yield path, encoded_text(_source(f"encoded/{Path(path).name}"), codec)


def office_files() -> Iterator[_File]:
    """Yield the PDF, the Word and the Excel file."""
    report, protocol = (list(blocks_of(_source(name))) for name in ("report.md", "protocol.md"))
    sheets = {name: _source(f"workbook/{name}.csv") for name in _SHEETS}
    yield "alloy-project/報告書/熱処理報告書_2025.pdf", pdf_of(report)
    yield "alloy-project/手順書/溶体化処理.docx", docx_of(protocol)
    yield "alloy-project/試料台帳.xlsx", xlsx_of(sheets, hidden="旧番号")


def notebooks(folder: Path) -> Iterator[_File]:
    """Yield the notebook, run where it will lie below `folder`."""
    path = "alloy-project/analysis/時効曲線.ipynb"
    place = (folder / path).parent
    place.mkdir(exist_ok=True)
    yield path, notebook_of(_source("ageing_curve.md"), place)


def pictures(fonts: Path) -> Iterator[_File]:
    """Yield the pictures, whose bytes change with the version of the fonts.

    Raises:
        FontsMissingError: the folder `fonts` lacks one.
    """
    found = find_fonts(fonts)
    verses, label = (_source(name).splitlines() for name in ("page_of_verses.txt", "label.txt"))
    yield "veda-project/images/rv_1.1.1_3.62.10.png", page_of_verses(verses, found[DEVANAGARI])
    yield "alloy-project/images/label_MG-04.png", label_of(label, found[HANDWRITING])


def _write(folder: Path, files: Iterable[_File]) -> None:
    for path, content in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        print(f"{len(content):7,} bytes  {path}")


def _source(name: str) -> str:
    return (_SOURCES / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
