"""`fumikura doctor`: what is configured, reachable, missing."""

import sys

import click
from pydantic import TypeAdapter

from service.checks import Check
from service.cli.options import console, json_option, run
from service.cli.render import checks_table
from service.health import examine
from service.settings import read_settings


@click.command("doctor")
@json_option
def doctor(*, as_json: bool) -> None:
    """Say what is configured, reachable and missing; exit with 1 if something is broken."""
    checks = run(examine(read_settings()))
    if as_json:
        print(TypeAdapter(list[Check]).dump_json(checks, indent=2).decode())
    else:
        console().print(checks_table(checks))
    sys.exit(any(check.state == "broken" for check in checks))
