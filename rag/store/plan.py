"""How many nodes, how much memory and disk so many passages take on a Qdrant cluster.

Formulas, not measurements: each is stated where it is computed. Sources: Qdrant's documentation,
"Capacity Planning" and "Memory Consumption"; Malkov & Yashunin 2018 for the size of the graph.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

from rag.store.schema import KEYWORD_FIELDS, Quantisation

GIB: Final = 2**30
_FLOAT: Final = 4
_GRAPH_M: Final = 16  # edges of a passage on the upper levels of the graph; twice as many below
_POSTING: Final = 12  # an id, a weight, and the largest weight that follows
_STORED_TERM: Final = 8  # an id and a weight, as the vector itself is kept
_ID: Final = 48  # a UUID, its number, and its version, both ways
_INDEXED_FIELD: Final = 12  # a posting, and the way back from the passage to its value
_FIELDS: Final = len(KEYWORD_FIELDS) + 3  # project, path, time
_RAM_USED: Final = 0.7  # the rest is for requests, rebuilding and the system
_DISK_USED: Final = 0.6  # a segment is rebuilt beside the old one
_DENSE_RAM: Final = {"none": 4.0, "int8": 1.0, "turbo4": 0.5}  # bytes of a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is to be held, and on what."""

    chunks: int
    dimensions: int
    quantisation: Quantisation = "int8"
    replicas: int = 2
    terms: int = 130
    """Different words and character pairs of a passage, the mean."""
    payload_bytes: int = 1_500
    """Text and labels of a passage: 500 Japanese characters are 1,500 bytes."""
    ram_per_node: int = 256 * GIB
    disk_per_node: int = 4096 * GIB
    chunks_per_shard: int = 20_000_000
    """More, and rebuilding the graph of a shard takes longer than a night."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of one passage in one part of the store."""

    name: str
    ram: float
    disk: float
    formula: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the cluster needs; `ram` and `disk` in bytes, all replicas together."""

    parts: tuple[Part, ...]
    ram: float
    disk: float
    nodes_for_ram: int
    nodes_for_disk: int
    nodes: int
    shards: int


def plan(demand: Demand) -> Plan:
    """Return what `demand` takes.

    Raises:
        ValueError: less than one passage, number, replica or byte of a node.
    """
    sizes = (demand.chunks, demand.dimensions, demand.replicas, demand.chunks_per_shard)
    if min(*sizes, demand.ram_per_node, demand.disk_per_node) < 1:
        raise ValueError("every size of a plan is at least 1")
    parts = _parts(demand)
    copies = demand.chunks * demand.replicas
    ram = copies * sum(part.ram for part in parts)
    disk = copies * sum(part.disk for part in parts)
    by_ram = ceil(ram / (demand.ram_per_node * _RAM_USED))
    by_disk = ceil(disk / (demand.disk_per_node * _DISK_USED))
    nodes = max(by_ram, by_disk, demand.replicas)  # two replicas of a shard on one node save nobody
    shards = _spread(ceil(demand.chunks / demand.chunks_per_shard), nodes, demand.replicas)
    return Plan(
        parts=parts,
        ram=ram,
        disk=disk,
        nodes_for_ram=by_ram,
        nodes_for_disk=by_disk,
        nodes=nodes,
        shards=shards,
    )


def _parts(demand: Demand) -> tuple[Part, ...]:
    dense = demand.dimensions * _FLOAT
    quantised = demand.dimensions * _DENSE_RAM[demand.quantisation]
    in_ram = demand.quantisation == "none"
    graph = 2 * _GRAPH_M * 4 + _GRAPH_M * 4 / (_GRAPH_M - 1)
    parts = [
        Part("dense vectors", dense if in_ram else 0, dense, "4 × dimensions"),
        Part("graph of the dense vectors", graph, graph, "2m × 4 + m × 4 / (m − 1), m = 16"),
        Part("words and bigrams, index", demand.terms * _POSTING, 0, "terms × 12"),
        Part(
            "words and bigrams, stored", 0, demand.terms * (_STORED_TERM + _POSTING), "terms × 20"
        ),
        Part("text and labels", 0, demand.payload_bytes, "given"),
        Part("indexes of labels", _FIELDS * _INDEXED_FIELD, _FIELDS * _INDEXED_FIELD, "8 × 12"),
        Part("ids", _ID, _ID, "48"),
    ]
    if not in_ram:
        formula = f"dimensions × {_DENSE_RAM[demand.quantisation]:g}"
        name = f"quantised vectors ({demand.quantisation})"
        parts.insert(1, Part(name, quantised, quantised, formula))
    return tuple(parts)


def _spread(least: int, nodes: int, replicas: int) -> int:
    """Return shards, at least `least`, whose copies lie evenly on the nodes."""
    shards = max(least, 1)
    while shards * replicas % nodes:
        shards += 1
    return shards
