"""What must happen for an index to equal its project."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """File ids to write (new or changed) and to drop (gone at the source)."""

    write: frozenset[str]
    drop: frozenset[str]


def plan_sync(source: Mapping[str, str], indexed: Mapping[str, str]) -> SyncPlan:
    """Compare file id → state on both sides. Once carried out, the next plan is empty.

    A state is whatever must be equal for a file to be left alone: its version together with the
    fingerprint of what made its passages.
    """
    changed = {file for file, state in source.items() if indexed.get(file) != state}
    return SyncPlan(write=frozenset(changed), drop=frozenset(indexed.keys() - source.keys()))
