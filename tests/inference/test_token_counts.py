from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.problems import ModelFolderUnfit
from inference.token_counts import cut_to_fit, estimate_tokens, open_tokenizer, token_counter
from tests.inference.tiny_bge_m3 import CORPUS


def test_a_tokenizer_at_hand_counts_as_the_model_does(tiny_bge_m3: Path) -> None:
    count = token_counter(tiny_bge_m3)
    ids = open_tokenizer(tiny_bge_m3).encode("The steel 鋼").ids
    assert (ids[0], ids[-1]) == (0, 2)
    assert count("The steel 鋼") == len(ids)
    assert count("") == 2


def test_without_one_tokens_are_estimated() -> None:
    assert token_counter(None) is estimate_tokens


def test_japanese_is_estimated_no_lower_than_it_is_counted(tiny_bge_m3: Path) -> None:
    count = token_counter(tiny_bge_m3)
    japanese = [text for text in CORPUS if not text[0].isascii() and text[-1] == "。"]
    assert all(count(text) <= estimate_tokens(text) for text in japanese)


@given(st.text(max_size=300), st.integers(min_value=2, max_value=60))
@settings(max_examples=50)
def test_what_is_cut_fits_and_is_a_beginning(text: str, max_tokens: int) -> None:
    fitting = cut_to_fit(text, estimate_tokens, max_tokens)
    assert estimate_tokens(fitting) <= max_tokens
    assert text.startswith(fitting)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderUnfit, match=r"tokenizer\.json is not there"):
        token_counter(tmp_path)
