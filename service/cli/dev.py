"""`fumikura dev`: what helps to try things out; needs a clone of the source."""

import os
import sys
from pathlib import Path
from typing import Final

import click

from service.cli.problems import StandInMissing

_ROOT: Final = Path(__file__).parents[2]
_STAND_IN: Final = "tests.servers.rdm"


@click.group("dev")
def dev() -> None:
    """Try things out, in a clone of the source."""


@dev.command("rdm-standin")
@click.argument("folder", metavar="PATH", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--port", type=click.IntRange(0, 65532), default=0, help="First of four; 0: free ones."
)
def rdm_standin(folder: str, port: int) -> None:
    """Serve the folder PATH as if it were a project of GakuNin RDM, until Ctrl-C.

    Prints the settings to export and the command that indexes it: no account is needed.
    """
    if not (_ROOT / "tests" / "servers" / "rdm.py").exists():
        raise StandInMissing
    absolute = str(Path(folder).resolve())
    os.chdir(_ROOT)
    program = [sys.executable, "-m", _STAND_IN, absolute, "--port", str(port)]
    os.execv(sys.executable, program)  # noqa: S606 - so that Ctrl-C reaches it alone
