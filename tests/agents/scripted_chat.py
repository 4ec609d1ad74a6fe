"""A chat model that says what a test has written for it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.problems import ServiceUnreachable
from rag.ports import ChatMessage


@dataclass(slots=True)
class ScriptedChat:
    """Implements `rag.ports.ChatModel`: one reply after the other, then it is unreachable."""

    replies: list[str]
    piece_length: int = 7
    model: str = "scripted"
    asked: list[Sequence[ChatMessage]] = field(default_factory=list[Sequence[ChatMessage]])
    schemas: list[Mapping[str, object] | None] = field(
        default_factory=list[Mapping[str, object] | None]
    )
    sent: int = 0

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        schema: Mapping[str, object] | None = None,
    ) -> AsyncGenerator[str]:
        assert max_tokens > 0
        self.asked.append(tuple(messages))
        self.schemas.append(schema)
        if not self.replies:
            raise ServiceUnreachable("The chat model", reason="the script is over")
        reply = self.replies.pop(0)
        for start in range(0, len(reply), self.piece_length):
            piece = reply[start : start + self.piece_length]
            self.sent += len(piece)
            yield piece
