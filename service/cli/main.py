"""The command `fumikura`: which commands there are, and how their failures are told.

Each command's module is imported when the command runs, so that `--help` answers at once.
"""

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, cast

import click

COMMANDS: Final = {
    "demo": "Show everything on the sample projects, in a temporary store.",
    "index": "Make a folder or a project of GakuNin RDM searchable.",
    "search": "Find passages.",
    "ask": "Answer a question with citations.",
    "read": "Show the document around a passage.",
    "projects": "List projects and the state of their indexes.",
    "sources": "Add, list, sync and remove places that files come from.",
    "links": "Link the RDM account whose projects your API key may find.",
    "agents": "List or run agents.",
    "serve": "Start the service: REST, OpenAI-compatible endpoints and MCP.",
    "gateway": "Serve the models of the catalogue, without search.",
    "mcp": "Serve MCP over stdin and stdout, for an assistant that starts it.",
    "keys": "Make, list and revoke API keys.",
    "reembed": "Move to another embedding model while searches go on.",
    "models": "List, show and check the models of the catalogue.",
    "usage": "Tell what calls of models used.",
    "eval": "Measure how well the search finds what people judged relevant.",
    "store": "Plan the vector store for so many passages.",
    "doctor": "Say what is configured, reachable, missing.",
    "dev": "Try things out, such as a stand-in for GakuNin RDM.",
}


class _LazyGroup(click.Group):
    """Knows its commands by name and a line of help; loads the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"service.cli.{cmd_name}")
        return cast("click.Command", getattr(module, cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fumikura")
def cli() -> None:
    """Ask your own research data. 手元の研究データに質問する.

    Settings are environment variables (FUMIKURA_…); `fumikura doctor` shows what they come to.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit with 0, or with the number of what went wrong."""
    _make_streams_usable()
    try:
        cli.main(arguments, prog_name="fumikura")
    except Exception as error:
        from contracts.problems import Problem  # noqa: PLC0415 - --help needs no pydantic
        from service.cli.failures import exit_status, tell  # noqa: PLC0415 - see above

        if not isinstance(error, Problem):
            raise
        tell(error, as_json="--json" in (arguments or sys.argv))
        sys.exit(exit_status(error))


def _make_streams_usable() -> None:
    """Fill closed streams, and print as an escape what the terminal's encoding lacks.

    The number of a closed stream would go to the next file that is opened, such as the store's,
    and whatever a library prints there would end up in it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for good
    shown: object = sys.stdout
    if isinstance(shown, TextIOWrapper):
        cast("TextIOWrapper[BinaryIO]", shown).reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
