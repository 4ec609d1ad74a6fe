"""How far an evaluation is, as bars on the standard error."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

from evals.retrieval.bench import Tick
from evals.retrieval.evaluation import Begin


@contextmanager
def shown_progress() -> Generator[Begin]:
    """Show a bar for each stage that is begun, until the block ends."""
    columns = (*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def begin(stage: str, steps: int) -> Tick:
            bar = progress.add_task(stage, total=steps)

            def tick(done: int) -> None:
                progress.advance(bar, done)

            return tick

        yield begin
