import pytest
from pydantic import ValidationError

from agents.explain_vedic.record import VedicRequest


@pytest.mark.parametrize("given", [{}, {"image": "aGk=", "text": "अग्निः"}])
def test_a_request_has_either_an_image_or_a_text(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="give either `image` or `text`"):
        VedicRequest.model_validate(given)


def test_a_text_of_more_than_20000_characters_is_refused() -> None:
    with pytest.raises(ValidationError, match="at most 20000 characters"):
        VedicRequest.model_validate({"text": "क" * 20_001})
