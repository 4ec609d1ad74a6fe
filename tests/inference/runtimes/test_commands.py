"""Command lines as data: nothing is started."""

import json
from pathlib import Path

import pytest

from inference.catalogue.card import ModelCard
from inference.runtimes.adapters import command_for
from inference.runtimes.command import Address, Command, Programs
from inference.runtimes.environment import inherited
from inference.runtimes.problems import ArgumentRefused, ProgramMissing, WeightsUnfit
from inference.runtimes.to_serve import Engine, Published, ToServe, of_card

_FOLDER = Path("/models/llama")
_PROGRAMS = Programs(vllm_python=Path("/vllm/bin/python"), own_python=Path("/ours/bin/python"))


def _served(*arguments: str, weights: Path | Published | None = _FOLDER) -> ToServe:
    return ToServe(
        id="llama",
        served_name="our-llama",
        runtime="vllm",
        task="chat",
        weights=weights,
        arguments=arguments,
        context=4_096,
    )


def _command(served: ToServe, programs: Programs = _PROGRAMS) -> Command:
    return command_for(served, Address(port=8001), programs, grace_s=30)


def _after(command: Command, flag: str) -> str:
    """What the runtime understands where a flag comes twice: the last one."""
    places = [place for place, word in enumerate(command.arguments) if word == flag]
    return command.arguments[places[-1] + 1]


def test_vllm_is_started_as_a_module_of_its_own_environment() -> None:
    assert _command(_served()).arguments[:3] == (
        "/vllm/bin/python",
        "-m",
        "vllm.entrypoints.openai.api_server",
    )


def test_vllm_listens_to_this_machine_alone_and_fetches_no_media() -> None:
    command = _command(_served())
    assert _after(command, "--host") == "127.0.0.1"
    assert _after(command, "--port") == "8001"
    assert _after(command, "--allowed-media-domains") == "none.invalid"
    assert command.environment["VLLM_MEDIA_URL_ALLOW_REDIRECTS"] == "0"


def test_vllm_counts_cached_tokens_sends_no_statistics_and_drains() -> None:
    command = _command(_served())
    assert "--enable-prompt-tokens-details" in command.arguments
    assert command.environment["VLLM_NO_USAGE_STATS"] == "1"
    assert _after(command, "--shutdown-timeout") == "30"


def test_weights_of_a_folder_are_loaded_offline() -> None:
    command = _command(_served())
    assert _after(command, "--model") == str(_FOLDER)
    assert command.environment["HF_HUB_OFFLINE"] == "1"


def test_published_weights_are_fetched_at_their_revision() -> None:
    command = _command(_served(weights=Published("org/llama", "abc123")))
    assert _after(command, "--model") == "org/llama"
    assert _after(command, "--revision") == "abc123"
    assert "HF_HUB_OFFLINE" not in command.environment


def test_the_context_is_named_unless_the_model_names_it() -> None:
    assert _after(_command(_served()), "--max-model-len") == "4096"
    named = _command(_served("--max-model-len", "2048")).arguments
    assert named.count("--max-model-len") == 1
    assert "4096" not in named


@pytest.mark.parametrize(
    ("engine", "flag", "value"),
    [
        ("bge-m3", "--io-processor-plugin", "bge_m3"),
        ("bge-m3-tokens", "--pooler-config", json.dumps({"task": "token_embed"})),
    ],
)
def test_bge_m3_has_an_engine_for_each_kind_of_output(
    engine: Engine, flag: str, value: str
) -> None:
    served = ToServe(
        id="bge-m3",
        served_name="bge-m3",
        runtime="vllm",
        task="embedding",
        weights=Path("/models/bge-m3"),
        engine=engine,
    )
    command = _command(served)
    assert _after(command, flag) == value
    assert _after(command, "--runner") == "pooling"
    assert "BgeM3EmbeddingModel" in _after(command, "--hf-overrides")


@pytest.mark.parametrize(
    "argument",
    ["--host", "--host=0.0.0.0", "--hos", "--api_key", "--API-KEY", "--uds", "-m", "--config=x"],
)
def test_arguments_that_open_or_hide_a_server_are_refused(argument: str) -> None:
    with pytest.raises(ArgumentRefused):
        _command(_served(argument, "0.0.0.0"))  # noqa: S104 - it is refused


def test_what_looks_like_a_shell_stays_one_word() -> None:
    argument = '--x=$(id); `id` > "y" \' &'
    assert argument in _command(_served(argument)).arguments


def test_vllm_without_an_environment_says_how_to_make_one() -> None:
    with pytest.raises(ProgramMissing) as missing:
        _command(_served(), Programs())
    assert "make vllm" in missing.value.hint


def _gguf(folder: Path, *names: str) -> ToServe:
    for name in names:
        (folder / name).touch()
    return ToServe(
        id="llama", served_name="our-llama", runtime="llama-cpp", task="chat", weights=folder
    )


def test_llama_cpp_has_its_own_server_where_that_is_here(tmp_path: Path) -> None:
    programs = Programs(llama_server=Path("/bin/llama-server"), llama_python=Path("/bin/python"))
    command = _command(_gguf(tmp_path, "a.gguf"), programs)
    assert command.arguments[0] == "/bin/llama-server"
    assert _after(command, "--model") == str(tmp_path / "a.gguf")
    assert _after(command, "--alias") == "our-llama"
    assert _after(command, "--host") == "127.0.0.1"
    assert command.in_flight == "llamacpp:requests_processing"


def test_llama_cpp_of_python_has_other_dashes_and_no_health(tmp_path: Path) -> None:
    served = _gguf(tmp_path, "a.gguf")
    served = ToServe(
        id="llama",
        served_name="our-llama",
        runtime="llama-cpp",
        task="embedding",
        weights=served.weights,
        arguments=["--n-gpu-layers", "99"],
    )
    command = _command(served, Programs(llama_python=Path("/bin/python")))
    assert command.arguments[:3] == ("/bin/python", "-m", "llama_cpp.server")
    assert _after(command, "--n_gpu_layers") == "99"
    assert _after(command, "--embedding") == "true"
    assert command.health == "/v1/models"


@pytest.mark.parametrize("names", [(), ("a.gguf", "b.gguf")])
def test_which_gguf_file_is_meant_must_be_clear(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(WeightsUnfit, match=f"{len(names)} GGUF"):
        _command(_gguf(tmp_path, *names), Programs(llama_server=Path("/bin/llama-server")))


def test_of_weights_in_parts_the_first_is_named(tmp_path: Path) -> None:
    served = _gguf(tmp_path, "a-00001-of-00002.gguf", "a-00002-of-00002.gguf")
    command = _command(served, Programs(llama_server=Path("/bin/llama-server")))
    assert _after(command, "--model").endswith("a-00001-of-00002.gguf")


def test_our_own_server_reads_a_folder_and_fetches_nothing() -> None:
    served = ToServe(
        id="trocr", served_name="trocr", runtime="ocr", task="ocr", weights=Path("/models/trocr")
    )
    command = _command(served)
    assert command.arguments[:4] == ("/ours/bin/python", "-P", "-m", "inference.model_server")
    assert _after(command, "--task") == "ocr"
    assert _after(command, "--folder") == "/models/trocr"
    assert command.environment["HF_HUB_OFFLINE"] == "1"


def test_our_own_server_needs_a_folder_except_for_tesseract() -> None:
    tesseract = ToServe(id="t", served_name="t", runtime="ocr", task="ocr", weights=None)
    assert "--folder" not in _command(tesseract).arguments
    whisper = ToServe(
        id="w",
        served_name="w",
        runtime="transcription",
        task="transcription",
        weights=Published("org/whisper"),
    )
    with pytest.raises(WeightsUnfit):
        _command(whisper)


def test_a_card_of_the_catalogue_is_served_from_the_folder_of_the_site() -> None:
    card = ModelCard.model_validate(
        {
            "id": "llama",
            "title": {"en": "Llama", "ja": "ラマ"},
            "task": "chat",
            "runtime": "vllm",
            "repository": "org/llama",
            "revision": "abc",
            "licence": {"id": "MIT"},
            "context": 4_096,
            "resources": {},
            "concurrency": {"target": 1, "limit": 2},
        }
    )
    assert of_card(card, folder=None).weights == Published("org/llama", "abc")
    assert of_card(card, folder=_FOLDER).weights == _FOLDER


def test_a_server_inherits_no_secret_that_it_was_not_meant_to_have() -> None:
    ours = {
        "PATH": "/bin",
        "CUDA_VISIBLE_DEVICES": "0",
        "VLLM_API_KEY": "k",
        "FUMIKURA_DATABASE_URL": "postgres://",
        "HF_TOKEN": "t",
    }
    assert inherited(ours).keys() == {"PATH", "CUDA_VISIBLE_DEVICES"}
    assert inherited(ours, ["HF_TOKEN"])["HF_TOKEN"] == "t"
