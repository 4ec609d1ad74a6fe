"""Which language a passage is in, told from its script."""

import pytest

from rag.language import guess_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("硬さは92HVであった。", "ja"),
        ("溶体化処理", "ja"),
        ("ﾋﾞｯｶｰｽ硬さ", "ja"),
        ("AZ91合金をSEM (JEOL JSM-7000F) で観察した", "ja"),
        ("The hardness was 92 HV.", "en"),
        ("The alloy (合金) was solution heat-treated at 415 degrees for two hours.", "en"),
        ("अग्निमीळे पुरोहितं यज्ञस्य देवम्", "sa"),
        ("अग्निमीळे (RV 1.1.1)", "sa"),
        ("これはअग्निという語である。神を讃える詩の冒頭に立つ。", "ja"),
        ("92 | 88 | 3.5", "en"),
        ("", "en"),
    ],
)
def test_the_script_with_the_most_weight_decides(text: str, language: str) -> None:
    assert guess_language(text) == language
