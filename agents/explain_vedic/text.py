"""The reading and its verses as text, for people at a terminal and for models."""

from collections.abc import Iterator

from agents.explain_vedic.record import VedicAnswer, VerseMatch


def answer_text(answer: VedicAnswer) -> str:
    """Return the note, the reading with its transliteration, the verses, the explanation."""
    return "\n".join(_lines(answer))


def _lines(answer: VedicAnswer) -> Iterator[str]:
    yield answer.note
    yield f"\n読み / reading:\n{answer.devanagari}"
    yield f"\nIAST:\n{answer.iast}"
    for match in answer.matches:
        yield f"\n{_match_head(match)}\n{match.text}"
    if answer.explanation:
        yield f"\n{answer.explanation}"
    made_by = [answer.provenance.ocr_model, answer.provenance.chat_model]
    yield f"\n({answer.strength}; {', '.join(filter(None, made_by)) or 'no model'})"


def _match_head(match: VerseMatch) -> str:
    also = f", also {', '.join(match.also)}" if match.also else ""
    return f"{match.locus}  score {match.score:.2f}, margin {match.margin:.2f}{also}"
