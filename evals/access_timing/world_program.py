"""A process that serves RDM with a private project, and a stranger who has one of his own.

It writes its addresses, as settings in JSON, and serves until its standard input ends.
"""

import asyncio
import json
import sys
from typing import Final

from tests.servers.rdm import serve_rdm
from tests.servers.rdm_world import RdmWorld

OWNER_TOKEN: Final = "owner-token"  # noqa: S105 - of a server that lives in this process
STRANGER_TOKEN: Final = "stranger-token"  # noqa: S105 - as above
_TEXT: Final = "試料の硬さは {} HV であった。"


def _world() -> RdmWorld:
    world = RdmWorld()
    world.add_user("u1own", "青木 花子", token=OWNER_TOKEN)
    world.add_user("u2str", "佐藤 次郎", token=STRANGER_TOKEN)
    for number, node in enumerate(("priv1", "mine1")):
        world.add_node(node)
        world.grant("u1own", node, "admin")
        world.put(node, "/硬さ.md", _TEXT.format(100 + number).encode())
    world.grant("u2str", "mine1", "read")
    return world


async def _serve() -> None:
    async with serve_rdm(_world()) as rdm:
        settings = {
            "FUMIKURA_RDM__API_URL": rdm.api_url,
            "FUMIKURA_RDM__FILES_URL": rdm.files_url,
            "FUMIKURA_RDM__WEB_URL": rdm.web_url,
            "RDM_TOKEN": OWNER_TOKEN,
        }
        sys.stdout.write(f"{json.dumps(settings)}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
