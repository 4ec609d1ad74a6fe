"""A program that indexes a folder on a Ray cluster of its own; one of its two nodes is killed."""

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

from rag.models import IndexReport
from rag.ray_engine import RayReader, connect, disconnect
from tests.rag.indexing_program import index
from tests.rag.ray_worker import open_ingest

ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""To be started with: Ray then leaves the addresses of this machine what they are."""
_LOOPBACK = "127.0.0.1"
_STORE_BYTES = 80 * 2**20
_KILLED_AFTER = 40
"""Files that are done when a node is killed."""


@dataclass
class _TwoNodes:
    cluster: Any
    doomed: Any

    async def kill_one(self, report: IndexReport) -> None:
        """Kill a node, workers and all, once some files are done."""
        if report.done >= _KILLED_AFTER and self.doomed is not None:
            doomed, self.doomed = self.doomed, None
            await asyncio.to_thread(self.cluster.remove_node, doomed, allow_graceful=False)


@contextmanager
def _two_nodes() -> Generator[_TwoNodes]:
    node: dict[str, Any] = {"node_ip_address": _LOOPBACK, "object_store_memory": _STORE_BYTES}
    head = {**node, "num_cpus": 0, "include_dashboard": False}
    cluster: Any = Cluster(initialize_head=True, head_node_args=head)
    try:
        doomed, _ = (cluster.add_node(num_cpus=1, **node) for _ in range(2))
        connect(str(cluster.address))
        yield _TwoNodes(cluster, doomed)
    finally:
        disconnect()
        cluster.shutdown()


async def _index(project: Path, home: Path) -> None:
    ingest = await open_ingest()
    with _two_nodes() as nodes:
        reader = RayReader(open_ingest=open_ingest, fingerprint=ingest.fingerprint)
        report = await index(project, home, reader, nodes.kill_one)
    if nodes.doomed is not None:
        raise RuntimeError("no node was killed")
    sys.stdout.write(report.model_dump_json() + "\n")


if __name__ == "__main__":
    asyncio.run(_index(Path(sys.argv[1]), Path(sys.argv[2])))
