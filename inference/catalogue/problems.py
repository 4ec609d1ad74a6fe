"""What can be wrong with a catalogue."""

from collections.abc import Sequence
from pathlib import Path

from contracts.problems import Problem


class CatalogueInvalid(Problem):
    """A file of models that does not hold together."""

    kind = "invalid"
    code = "catalogue_invalid"

    def __init__(self, file: Path, faults: Sequence[str]) -> None:
        shown = faults[:10]
        more = f" (and {len(faults) - len(shown)} more)" if len(faults) > len(shown) else ""
        super().__init__(
            f"The catalogue {file.name!r} does not fit: {'; '.join(shown)}{more}.",
            hint="Correct what is named here; `fumikura models check` reads it again.",
        )
        self.faults = list(faults)


class CatalogueMissing(Problem):
    """The file that the settings name cannot be read."""

    kind = "missing"
    code = "catalogue_missing"

    def __init__(self, file: Path, *, reason: str) -> None:
        super().__init__(
            f"The catalogue {str(file)!r} cannot be read: {reason}.",
            hint="FUMIKURA_CATALOGUE names a YAML file that this user may read.",
        )


class ModelNotListed(Problem):
    """The catalogue has no model of this name."""

    kind = "missing"
    code = "model_not_listed"

    def __init__(self, name: str, *, near: Sequence[str]) -> None:
        meant = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        super().__init__(
            f"The catalogue has no model {name[:100]!r}.{meant}",
            hint="`fumikura models list` shows those that it has.",
        )
