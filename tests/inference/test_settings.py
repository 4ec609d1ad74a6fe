import pytest
from pydantic import AnyHttpUrl, ValidationError

from inference.settings import ChatSettings, EmbeddingSettings, OcrSettings

ENDPOINT = AnyHttpUrl("http://127.0.0.1:8000/v1")


def test_without_a_choice_the_local_model_runs() -> None:
    assert EmbeddingSettings().runs == "local"


def test_naming_an_endpoint_is_enough_to_use_it() -> None:
    assert EmbeddingSettings(base_url=ENDPOINT).runs == "endpoint"


def test_the_stand_in_runs_when_it_is_asked_for_by_name() -> None:
    assert EmbeddingSettings(kind="hash", base_url=ENDPOINT).runs == "hash"


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
