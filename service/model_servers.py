"""The models of the catalogue whose servers are started on this machine."""

from collections.abc import Sequence
from typing import Final

from inference.catalogue.card import Deployment, Here
from inference.catalogue.reading import Catalogue
from inference.runtimes.adapters import command_for
from inference.runtimes.command import Address, Command, found_programs
from inference.runtimes.kept import Keeping, Kept
from inference.runtimes.process import Options
from inference.runtimes.to_serve import ToServe, of_card
from service.settings import Settings

_SECONDS_A_MINUTE: Final = 60
_SOME_PORT: Final = 8_000


def kept_here(catalogue: Catalogue, settings: Settings) -> dict[str, Kept]:
    """Return by model what keeps its server; those that do not wait for a call are wanted now.

    Raises:
        ProgramMissing, WeightsUnfit, ArgumentRefused: one of them cannot be started.
    """
    options = options_of(settings)
    kept: dict[str, Kept] = {}
    for deployment, here in _here(catalogue):
        served = _to_serve(catalogue, deployment, here)
        command_of(served, options)  # what is missing is told before anything is started
        idle_s = None if here.idle_minutes is None else here.idle_minutes * _SECONDS_A_MINUTE
        kept[served.id] = Kept(served, options, Keeping(idle_s=idle_s))
        if not here.on_first_call:
            kept[served.id].wake()
    return kept


def commands_here(catalogue: Catalogue, settings: Settings) -> dict[str, Command]:
    """Return by model how its server would be started, at some port.

    Raises:
        ProgramMissing, WeightsUnfit, ArgumentRefused: one of them cannot be started.
    """
    options = options_of(settings)
    served = [_to_serve(catalogue, each, here) for each, here in _here(catalogue)]
    return {each.id: command_of(each, options) for each in served}


def only_here(catalogue: Catalogue, names: Sequence[str], here: Here | None) -> Catalogue:
    """Return the catalogue with these models to be started here, and no other deployed.

    Without names, those that it starts here anyway. What is said of them in `here`, or else in the
    catalogue, holds.

    Raises:
        ModelNotListed: there is no model of a name.
    """
    known = {each.model: each for each, _ in _here(catalogue)}
    ids = [catalogue.find(name).id for name in names] or list(known)
    chosen = [
        known[each]
        if here is None and each in known
        else Deployment(model=each, here=here or Here())
        for each in dict.fromkeys(ids)
    ]
    return Catalogue(catalogue.models, chosen)


def command_of(served: ToServe, options: Options) -> Command:
    """Return how a server would be started.

    Raises:
        ProgramMissing, WeightsUnfit, ArgumentRefused: it cannot be.
    """
    address = Address(port=_SOME_PORT, host=options.host)
    return command_for(served, address, options.programs, grace_s=options.grace_s)


def options_of(settings: Settings) -> Options:
    """Return how servers are run here."""
    chosen = settings.runtimes
    return Options(
        log_folder=settings.data_folder / "model_logs",
        programs=found_programs(vllm_python=chosen.vllm_python, llama_python=chosen.llama_python),
        ready_s=chosen.ready_s,
        grace_s=chosen.grace_s,
        passed=chosen.passed,
    )


def _here(catalogue: Catalogue) -> list[tuple[Deployment, Here]]:
    return [(each, each.here) for each in catalogue.deployments if each.here is not None]


def _to_serve(catalogue: Catalogue, deployment: Deployment, here: Here) -> ToServe:
    return of_card(catalogue.find(deployment.model), folder=here.weights)
