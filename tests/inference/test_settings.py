import pytest
from pydantic import AnyHttpUrl, BaseModel, ValidationError

from inference.settings import ChatSettings, EmbeddingSettings, OcrSettings, RerankSettings

ENDPOINT = AnyHttpUrl("http://127.0.0.1:8000/v1")


@pytest.mark.parametrize("settings", [EmbeddingSettings, RerankSettings, ChatSettings])
def test_a_password_in_a_url_is_refused_and_not_shown(settings: type[BaseModel]) -> None:
    with pytest.raises(ValidationError, match="write the key in API_KEY") as refused:
        settings.model_validate({"base_url": "http://aoki:s3cret@127.0.0.1:8000/v1"})
    assert "s3cret" not in str(refused.value.errors(include_input=False))


def test_without_a_choice_the_local_model_runs() -> None:
    assert EmbeddingSettings().runs == "local"


def test_naming_an_endpoint_is_enough_to_use_it() -> None:
    assert EmbeddingSettings(base_url=ENDPOINT).runs == "endpoint"


def test_the_stand_in_runs_when_it_is_asked_for_by_name() -> None:
    assert EmbeddingSettings(kind="hash", base_url=ENDPOINT).runs == "hash"


@pytest.mark.parametrize(
    ("kind", "lacks"), [("endpoint", "base_url"), ("vllm", "base_url"), ("bge-m3", "folder")]
)
def test_a_kind_without_what_it_needs_is_refused(kind: str, lacks: str) -> None:
    with pytest.raises(ValidationError, match=f"kind {kind} needs {lacks}"):
        EmbeddingSettings.model_validate({"kind": kind})


def test_bge_m3_is_given_no_more_than_it_reads() -> None:
    whole = EmbeddingSettings(kind="vllm", base_url=ENDPOINT, max_tokens=8192)
    assert whole.runs == "vllm"
    with pytest.raises(ValidationError, match="at most 8192"):
        EmbeddingSettings(kind="vllm", base_url=ENDPOINT, max_tokens=8193)


def test_nothing_is_read_again_without_a_choice() -> None:
    assert RerankSettings().runs == "off"


def test_naming_an_endpoint_is_enough_to_rerank_by_it() -> None:
    assert RerankSettings(base_url=ENDPOINT).runs == "endpoint"
    with pytest.raises(ValidationError, match="kind endpoint needs base_url"):
        RerankSettings(kind="endpoint")


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        (EmbeddingSettings, {"dimensions": 0}),
        (EmbeddingSettings, {"base_url": "not a url"}),
        (ChatSettings, {"timeout_s": 0}),
        (OcrSettings, {"memory_bytes": 1000}),
    ],
)
def test_a_value_out_of_bounds_is_refused(
    section: type[EmbeddingSettings | ChatSettings | OcrSettings], wrong: dict[str, object]
) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        section.model_validate(wrong)


def test_a_key_is_never_printed() -> None:
    settings = ChatSettings.model_validate({"api_key": "sk-secret"})
    assert "sk-secret" not in f"{settings!r} {settings.model_dump_json()}"
