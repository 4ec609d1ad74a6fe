from agents.explain_vedic.record import VedicAnswer, VerseMatch
from agents.explain_vedic.text import answer_text
from agents.strength import Provenance

MATCH = VerseMatch(
    locus="RV 1.1.1",
    text="अ॒ग्निमी॑ळे",
    score=0.987,
    margin=0.5,
    also=["TS 4.3.13"],
    reading="अग्निमीळे",
    corpus="bundled",
)
ANSWER = VedicAnswer(
    lines=[],
    devanagari="अग्निमीळे",
    devanagari_plain="अग्निमीळे",
    iast="agnimīḷe",
    matches=[MATCH],
    explanation=None,
    note="1 つの詩節を同定しました。",
    strength="deterministic",
    provenance=Provenance(
        agent="explain_vedic", agent_version="1", chat_model=None, ocr_model=None
    ),
)


def test_note_reading_transliteration_and_verse_are_shown_in_this_order() -> None:
    assert answer_text(ANSWER) == (
        "1 つの詩節を同定しました。\n\n読み / reading:\nअग्निमीळे\n\nIAST:\nagnimīḷe\n"
        "\nRV 1.1.1  score 0.99, margin 0.50, also TS 4.3.13\nअ॒ग्निमी॑ळे\n"
        "\n(deterministic; no model)"
    )


def test_an_explanation_comes_last_and_names_its_model() -> None:
    explained = ANSWER.model_copy(
        update={
            "explanation": "火の神への讃歌です。",
            "strength": "chat",
            "provenance": ANSWER.provenance.model_copy(
                update={"chat_model": "m", "ocr_model": "o"}
            ),
        }
    )
    assert answer_text(explained).endswith("\n火の神への讃歌です。\n\n(chat; o, m)")
