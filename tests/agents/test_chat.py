import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.chat import CHARACTERS_PER_TOKEN, ask_chat, without_thinking
from contracts.problems import ServiceUnreachable
from rag.ports import ChatMessage
from tests.agents.scripted_chat import ScriptedChat

QUESTION = [ChatMessage("user", "膜厚は？")]


async def test_the_pieces_of_a_reply_come_back_as_one() -> None:
    chat = ScriptedChat(["膜厚は 150 nm です。触針式段差計で測りました。"])
    assert await ask_chat(chat, QUESTION, max_tokens=100) == (
        "膜厚は 150 nm です。触針式段差計で測りました。"
    )


async def test_the_model_is_asked_for_the_schema() -> None:
    chat = ScriptedChat(["{}"])
    await ask_chat(chat, QUESTION, max_tokens=100, schema={"type": "object"})
    assert chat.schemas == [{"type": "object"}]


async def test_a_reply_that_does_not_end_is_cut_and_the_model_stopped() -> None:
    chat = ScriptedChat(["あ" * 10_000])
    reply = await ask_chat(chat, QUESTION, max_tokens=2)
    assert reply == "あ" * 2 * CHARACTERS_PER_TOKEN
    assert chat.sent < 30


async def test_a_model_that_is_down_is_told_to_the_caller() -> None:
    with pytest.raises(ServiceUnreachable):
        await ask_chat(ScriptedChat([]), QUESTION, max_tokens=10)


@pytest.mark.parametrize(
    "reply",
    [
        "<think>Let me see.</think>150 nm",
        "Let me see.</think>150 nm",
        "<think>one</think>150 nm<think>two</think>",
        "150 nm<think>and now",
    ],
)
def test_thinking_is_dropped_even_without_its_start_or_end(reply: str) -> None:
    assert without_thinking(reply) == "150 nm"


@given(st.text(alphabet=st.characters(exclude_characters="<"), max_size=60))
def test_a_reply_without_thinking_keeps_its_words(reply: str) -> None:
    assert without_thinking(reply) == reply.strip()
