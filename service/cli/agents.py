"""`fumikura agents list|run`: loops over the registry, nothing about a single agent."""

import json
import sys
from typing import Any, Final

import click
from pydantic import BaseModel

from agents.definition import AgentDefinition
from agents.desk import Progress
from agents.registry import AGENTS, find_agent
from service.access.recorded import LOCAL_OPERATOR
from service.cli.fields import fields_of
from service.cli.options import console, json_option, run
from service.cli.render import agent_schema, agents_table
from service.cli.requests import checked
from service.cli.session import open_session
from service.settings import read_settings

_EXAMPLES: Final = """\b
Examples:
  fumikura agents run check_sample_quality text=@sample.txt
  fumikura agents run explain_vedic image=@page.png"""
"""The sign in front keeps click from joining the lines."""


@click.group("agents")
def agents() -> None:
    """List or run agents."""


@agents.command("list")
@json_option
def list_agents(*, as_json: bool) -> None:
    """List the agents and the fields that each takes."""
    if as_json:
        described = [_described(agent) for agent in AGENTS.values()]
        print(json.dumps(described, ensure_ascii=False, indent=2))
    else:
        console().print(agents_table(AGENTS.values()))


@agents.command("run", epilog=_EXAMPLES)
@click.argument("name")
@click.argument("items", nargs=-1)
@json_option
def run_agent(name: str, items: tuple[str, ...], *, as_json: bool) -> None:
    """Run the agent NAME on fields written as name=text, name=@file or name:=json.

    Without a field, show those that it takes.
    """
    definition = find_agent(name)
    if not items:
        console().print(agent_schema(definition))
        return
    request = checked(definition.request, **fields_of(items))
    answer = run(_run(name, request))
    print(answer.model_dump_json(indent=2) if as_json else definition.render(answer))


async def _run(name: str, request: BaseModel) -> BaseModel:
    async with open_session(read_settings()) as session:
        return await session.desk.run_agent(LOCAL_OPERATOR, name, request, _report)


async def _report(progress: Progress) -> None:
    """Say on a terminal how far the agent is; nobody else needs it."""
    if sys.stderr.isatty():
        total = "" if progress.total is None else f"/{progress.total:g}"
        print(f"{progress.done:g}{total} {progress.message}", file=sys.stderr)


def _described(agent: AgentDefinition[Any, Any]) -> dict[str, object]:
    return {
        "name": agent.name,
        "title_en": agent.title_en,
        "title_ja": agent.title_ja,
        "summary": agent.summary,
        "request": agent.request.model_json_schema(),
        "answer": agent.answer.model_json_schema(),
    }
