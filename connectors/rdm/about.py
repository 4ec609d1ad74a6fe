"""A document about a project: its description, its tags, and what is filled in about its files."""

from collections.abc import Iterator, Sequence

from connectors.paths import shown_path
from connectors.rdm.metadata import DescribedFile
from connectors.rdm.models import Node


def about_text(node: Node, described: Sequence[DescribedFile]) -> str | None:
    """Write it in Markdown; None where there is no more to say than the title.

    The same facts give the same text: its hash is the document's version.
    """
    parts = [*_of_node(node), *map(_of_file, described)]
    if not parts:
        return None
    return "\n\n".join([f"# {_line(node.title)}", *parts]) + "\n"


def _of_node(node: Node) -> Iterator[str]:
    if description := node.description.strip():
        yield description
    if tags := [tag for tag in map(_line, node.tags) if tag]:
        yield f"タグ (tags): {', '.join(tags)}"


def _of_file(file: DescribedFile) -> str:
    facts = "\n".join(f"- {label}: {text}" for label, text in file.facts)
    return f"## {shown_path(_line(file.path))}\n\n{facts}"


def _line(text: str) -> str:
    return " ".join(text.split())
