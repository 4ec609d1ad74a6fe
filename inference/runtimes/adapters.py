"""Which runtime's adapter writes the command for a model."""

from inference.runtimes.command import Address, Command, Programs
from inference.runtimes.llama_cpp import llama_cpp_command
from inference.runtimes.own import own_command
from inference.runtimes.to_serve import ToServe
from inference.runtimes.vllm import vllm_command


def command_for(
    served: ToServe, address: Address, programs: Programs, *, grace_s: float
) -> Command:
    """Return how the model's server is started.

    Raises:
        ProgramMissing, WeightsUnfit, ArgumentRefused: see the adapters.
    """
    match served.runtime:
        case "vllm":
            return vllm_command(served, address, programs, grace_s=grace_s)
        case "llama-cpp":
            return llama_cpp_command(served, address, programs)
        case "bge-m3" | "ocr" | "transcription":
            return own_command(served, address, programs, grace_s=grace_s)
