"""The one door to LangGraph: its environment is made safe before it is imported.

LangGraph decodes checkpoints strictly only when told so before its import, and LangSmith, which
it brings, sends every run to a server when the environment says so. Neither is left to chance.
"""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Protocol, cast

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
for _switch in ("TRACING", "TRACING_V2", "HANDLER"):
    for _family in ("LANGSMITH", "LANGCHAIN"):
        os.environ.pop(f"{_family}_{_switch}", None)

from langgraph.constants import END, START  # noqa: E402 - after the environment is safe
from langgraph.types import StreamWriter  # noqa: E402 - as above

__all__ = ["END", "START", "CompiledGraph", "StreamWriter", "compile_graph", "tell", "untraced"]

Node = Callable[..., Awaitable[Mapping[str, object]]]
"""Takes the state, and a `writer: StreamWriter` if it reports; returns the keys it changes."""


class CompiledGraph(Protocol):
    """A graph that is ready to run; `agents.runner` runs it."""

    def astream(
        self, values: Mapping[str, object], *, stream_mode: list[str]
    ) -> AsyncGenerator[tuple[str, Any]]: ...


class _Builder(Protocol):
    def add_node(self, name: str, node: Node) -> object: ...
    def add_edge(self, start: str, end: str) -> object: ...
    def compile(self) -> CompiledGraph: ...


class _TracingContext(Protocol):
    def __call__(self, *, enabled: bool) -> AbstractContextManager[None]: ...


def compile_graph(state: type, nodes: Mapping[str, Node]) -> CompiledGraph:
    """Chain the nodes in their order; `state` is the TypedDict they read and change."""
    # By name: the package marks its root as typed, not this part of it, so checkers refuse it.
    library = import_module("langgraph.graph.state")
    builder = cast("_Builder", library.StateGraph(state))
    before = START
    for name, node in nodes.items():
        builder.add_node(name, node)
        builder.add_edge(before, name)
        before = name
    builder.add_edge(before, END)
    return builder.compile()


def untraced() -> AbstractContextManager[None]:
    """Keep LangSmith from sending anything inside the block, whatever the environment says."""
    langsmith = import_module("langsmith.run_helpers")
    return cast("_TracingContext", langsmith.tracing_context)(enabled=False)


def tell(writer: StreamWriter, message: str, done: float, total: float | None) -> None:
    """Send one progress event out of a node; `agents.runner` turns it into `Progress`."""
    writer({"message": message, "done": done, "total": total})
