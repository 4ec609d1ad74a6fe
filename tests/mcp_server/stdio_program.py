"""An MCP server over stdio before the small library: `python -m … FOLDER`."""

import asyncio
import sys
from pathlib import Path

from mcp_server.stdio import serve_stdio
from tests.mcp_server.small_library import AOKI, ChattyDesk, open_small_desk


async def _main(folder: Path) -> None:
    async with open_small_desk(folder) as desk:
        chatty = ChattyDesk(library=desk.library, ports=desk.ports, sources=desk.sources)
        await serve_stdio(chatty, AOKI)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
