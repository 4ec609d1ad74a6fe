"""A process that serves a folder as a project of RDM, and answers for what it was asked.

It writes its addresses, as settings in JSON, then one line for each line that it reads: `asked` for
how often it was asked since the last time, `log` to write a log that changes no file.
"""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from tests.servers.rdm import DEMO_NODE, RdmStandIn, folder_world, serve_rdm

_TOKEN: Final = "benchmark-token"  # noqa: S105 - of a server that lives in this process


async def _serve(folder: Path) -> None:
    async with serve_rdm(folder_world(folder, token=_TOKEN)) as rdm:
        _say(_settings(rdm))
        while order := (await asyncio.to_thread(sys.stdin.readline)).strip():
            if order == "log":
                rdm.world.add_user("u2bek")
                rdm.world.grant("u2bek", DEMO_NODE)
            _say(_asked(rdm))
            rdm.calls.clear()


def _settings(rdm: RdmStandIn) -> dict[str, str]:
    """Return what leads a client here, and to the project."""
    return {
        "FUMIKURA_RDM__API_URL": rdm.api_url,
        "FUMIKURA_RDM__FILES_URL": rdm.files_url,
        "FUMIKURA_RDM__WEB_URL": rdm.web_url,
        "RDM_TOKEN": _TOKEN,
        "RDM_NODE_ID": DEMO_NODE,
    }


def _asked(rdm: RdmStandIn) -> dict[str, int]:
    hosts = Counter(call.host for call in rdm.calls)
    downloads = len(rdm.downloads)
    return {
        "api": hosts["api"] + hosts["web"],
        "listings": hosts["files"] - downloads,
        "downloads": downloads,
    }


def _say(told: dict[str, str] | dict[str, int]) -> None:
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
