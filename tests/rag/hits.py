"""Hits for tests that need no search."""

from rag.models import Anchor, Hit, ScoreParts


def hit(number: int, text: str, *, path: str = "report.pdf", heading: tuple[str, ...] = ()) -> Hit:
    """Return a hit of that number and text."""
    return Hit(
        number=number,
        passage_id=f"passage-{number}",
        project_id="alloy",
        file_id=path,
        path=path,
        version="1",
        title=path,
        anchor=Anchor(heading=heading),
        text=text,
        score=1.0,
        parts=ScoreParts(),
        embedding_model="tiny",
    )
