"""A run, its rules and its differences from another run: tables for people, facts for programs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.table import Column, Table
from rich.text import Text

from evals.retrieval.comparison import Difference
from evals.retrieval.gate import Verdict
from evals.retrieval.measures import MEASURES, NDCG
from evals.retrieval.run import Run, SetRun

_DIGITS: Final = 4
_MOST_SHOWN: Final = 5


def tables(
    run: Run,
    verdicts: Sequence[Verdict],
    differences: Sequence[Difference],
    queries: Mapping[str, Mapping[str, str]],
) -> list[Table]:
    """Return what people read; `queries` are texts by set and id, for those that changed most."""
    shown = [_figures(name, each) for name, each in run.sets.items()]
    if differences:
        shown += [_differences(differences), _changes(differences, queries)]
    return [*shown, _rules(verdicts)]


def facts(
    run: Run, verdicts: Sequence[Verdict], differences: Sequence[Difference]
) -> dict[str, Any]:
    """Return everything as JSON has it."""
    return {
        **run.model_dump(mode="json"),
        "rules": [
            {"set": each.name, "rule": each.rule, "kept": each.kept, "found": each.found}
            for each in verdicts
        ],
        "against": {
            each.name: {
                "queries": each.queries,
                "before": round(each.before, _DIGITS),
                "after": round(each.after, _DIGITS),
                "better": each.better,
                "worse": each.worse,
                "p": each.p,
                "p_holm": each.p_holm,
                "changes": {q: round(change, _DIGITS) for q, change in each.changes.items()},
            }
            for each in differences
        },
    }


def _figures(name: str, each: SetRun) -> Table:
    table = _plain(name, *(Column(measure, justify="right") for measure in MEASURES))
    table.title = Text(f"{each.documents:,} documents, {each.queries:,} queries", style="dim")
    table.title_justify = "left"
    best = {
        measure: max(figures[measure] for figures in each.figures.values()) for measure in MEASURES
    }
    for contender, figures in each.figures.items():
        table.add_row(
            contender,
            *(
                Text(f"{figures[measure]:.4f}", "bold" if figures[measure] == best[measure] else "")
                for measure in MEASURES
            ),
        )
    return table


def _differences(differences: Sequence[Difference]) -> Table:
    table = _plain(f"Against, {NDCG}", "Queries", "Then", "Now", "Gained", "+/-", "p", "Holm")
    for each in differences:
        table.add_row(
            each.name,
            str(each.queries),
            f"{each.before:.4f}",
            f"{each.after:.4f}",
            f"{each.gained:+.4f}",
            f"{each.better}/{each.worse}",
            f"{each.p:.4f}",
            f"{each.p_holm:.4f}",
        )
    return table


def _changes(differences: Sequence[Difference], queries: Mapping[str, Mapping[str, str]]) -> Table:
    table = _plain("Changed most", "Query", NDCG, "")
    for each in differences:
        ordered = sorted(each.changes.items(), key=lambda change: (change[1], change[0]))
        for query, change in _ends(ordered):
            text = Text(queries[each.name].get(query, ""))
            table.add_row(each.name, Text(query), f"{change:+.4f}", text)
    return table


def _rules(verdicts: Sequence[Verdict]) -> Table:
    table = _plain("Set", "Rule", "", "Found")
    for each in verdicts:
        kept = Text("kept", style="green") if each.kept else Text("BROKEN", style="bold red")
        table.add_row(each.name, Text(each.rule), kept, Text(each.found))
    return table


def _ends(ordered: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    lost = [each for each in ordered if each[1] < 0][:_MOST_SHOWN]
    gained = [each for each in ordered if each[1] > 0][-_MOST_SHOWN:]
    return [*lost, *gained]


def _plain(first: str, *columns: str | Column) -> Table:
    """Return an empty table without lines; what names its rows is never cut."""
    return Table(
        Column(first, no_wrap=True),
        *columns,
        box=None,
        pad_edge=False,
        header_style="dim",
        padding=(0, 2, 0, 0),
    )
