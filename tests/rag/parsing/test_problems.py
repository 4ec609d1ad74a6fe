"""Why a file could not be turned into text."""

import re
from typing import get_args

import pytest

from rag.parsing.problems import FailureCode, ParseFailed


@pytest.mark.parametrize("reason", get_args(FailureCode))
def test_every_reason_has_its_sentence_its_next_step_and_its_japanese(reason: FailureCode) -> None:
    failure = ParseFailed(reason)
    assert failure.reason == reason
    assert failure.message.endswith(".")
    assert failure.hint.endswith(".")
    assert re.search(r"[\u3041-\u3096].*。$", failure.message_ja or "")
