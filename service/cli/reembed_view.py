"""The move to another embedding model, for people."""

from typing import Final

from rich.table import Table

from service.cli.render import plain_table
from service.generations.state import ReembeddingState

_NEXT_STEPS: Final = {
    ("ready", "next"): "fumikura reembed switch   (or: drop)",
    ("ready", "former"): "fumikura reembed drop   (or: rollback)",
    ("building", "next"): "fumikura reembed start",
    ("checking", "next"): "fumikura reembed start",
}


def state_view(state: ReembeddingState) -> Table:
    """Return what answers, what is kept beside it, what was verified, and the next step."""
    table = plain_table("", "")
    table.show_header = False
    table.add_row("Answers / 検索中", state.active.model)
    if state.other is not None:
        role = "Next / 移行先" if state.other_is == "next" else "Former / 移行元"
        table.add_row(role, state.other.model)
    table.add_row("Stage / 段階", state.stage)
    if state.progress is not None:
        table.add_row("Progress / 進捗", _progress(state))
    if state.verification is not None:
        table.add_row("Verified / 検証", _verification(state))
    if state.error is not None:
        table.add_row("Stopped / 中断", f"{state.error.message}\n{state.error.hint or ''}".strip())
    if state.switched_at is not None:
        table.add_row("Switched / 切替日時", f"{state.switched_at:%Y-%m-%d %H:%M} UTC")
    step = _NEXT_STEPS.get((state.stage, state.other_is or ""))
    if step is not None and state.rests:
        table.add_row("Next step / 次の操作", step)
    return table


def _progress(state: ReembeddingState) -> str:
    known = state.progress
    if known is None:
        return ""
    return (
        f"{known.passages:,} of {known.passages_total:,} passages,"
        f" {known.files:,} of {known.files_total:,} files"
    )


def _verification(state: ReembeddingState) -> str:
    tried = state.verification
    if tried is None:
        return ""
    counts = f"{len(tried.differing)} projects differ" if tried.differing else "counts agree"
    return (
        f"{tried.passages:,} passages of {tried.projects} projects, {counts};"
        f" {tried.found} of {tried.asked} found by their own text"
    )
