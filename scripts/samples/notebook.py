"""The notebook, whose outputs are what its code really prints."""

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

_CODE = re.compile(r"```python\n(.*?)\n```", re.DOTALL)


def notebook_of(source: str, folder: Path) -> bytes:
    """Return Markdown with fenced Python as a notebook, its code run in `folder`."""
    cells = list(_cells(source, folder))
    for number, cell in enumerate(cells, start=1):
        cell["id"] = f"cell-{number}"
    notebook = new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    nbformat.validate(notebook)
    return f"{nbformat.writes(notebook)}\n".encode()


def _cells(source: str, folder: Path) -> Iterator[nbformat.NotebookNode]:
    names: dict[str, object] = {}
    run = 0
    for position, text in enumerate(_CODE.split(source)):  # prose, code, prose, … by turns
        if position % 2 == 0:
            if prose := text.strip():
                yield new_markdown_cell(prose)
            continue
        run += 1
        printed = new_output("stream", name="stdout", text=_printed(text, names, folder))
        yield new_code_cell(text, execution_count=run, outputs=[printed])


def _printed(code: str, names: dict[str, object], folder: Path) -> str:
    output = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(output):
        exec(code, names)  # noqa: S102 - the notebook's own code, which lies beside this file
    return output.getvalue()
