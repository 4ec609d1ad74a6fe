"""The command line of our own model server, for what vLLM and llama.cpp lack."""

from pathlib import Path

from inference.runtimes.command import Address, Command, Programs, checked_arguments
from inference.runtimes.problems import WeightsUnfit
from inference.runtimes.to_serve import ToServe


def own_command(
    served: ToServe, address: Address, programs: Programs, *, grace_s: float
) -> Command:
    """Return how `inference.model_server` serves a model from a folder; it fetches nothing.

    Raises:
        WeightsUnfit: they are not in a folder of this machine.
        ArgumentRefused: see `checked_arguments`.
    """
    folder = served.weights
    if folder is not None and not isinstance(folder, Path):
        raise WeightsUnfit(served.id, reason="its weights must be in a folder of this machine")
    if folder is None and served.task != "ocr":
        raise WeightsUnfit(served.id, reason="it is not said in which folder its weights are")
    arguments = [
        *(str(programs.own_python), "-P", "-m", "inference.model_server"),
        *checked_arguments(served),
        *("--task", served.task, "--model", served.served_name),
        *([] if folder is None else ["--folder", str(folder)]),
        *(["--context", str(served.context)] if served.context else []),
        *("--host", address.host, "--port", str(address.port)),
        *("--grace", str(max(1, round(grace_s)))),
    ]
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    return Command(arguments=tuple(arguments), environment=offline)
