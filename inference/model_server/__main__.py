"""`python -m inference.model_server --task … --model … --port …`: serve one model until SIGTERM."""

import asyncio
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
import uvloop
from pydantic import ValidationError

from contracts.problems import Problem
from inference.model_server.app import ModelServer
from inference.model_server.arguments import server_of

_NOT_LOADED = 3


class _Server(uvicorn.Server):
    """Ends with status 0 after a signal: uvicorn raises it again, which looks like a crash."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


async def serve(app: ModelServer, config: uvicorn.Config) -> int:
    """Listen at once, so that `/health` can tell of the loading; return the exit status."""
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    loading = asyncio.create_task(app.load())
    await asyncio.wait({serving, loading}, return_when=asyncio.FIRST_COMPLETED)
    status = 0
    try:
        if loading.done():
            loading.result()
    except (Problem, ValidationError) as error:
        print(error, getattr(error, "hint", ""), file=sys.stderr, flush=True)  # noqa: T201 - the log
        server.should_exit = True
        status = _NOT_LOADED
    await serving
    loading.cancel()
    return status


def main() -> None:
    """Serve what the command line describes."""
    app, chosen = server_of()
    config = uvicorn.Config(
        app,
        host=chosen.host,
        port=chosen.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=max(1, int(chosen.grace)),
    )
    sys.exit(uvloop.run(serve(app, config)))


if __name__ == "__main__":
    main()
