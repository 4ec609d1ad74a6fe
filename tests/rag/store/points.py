"""Small passages for the tests of stores."""

from uuid import NAMESPACE_OID, uuid5

from rag.store.port import AccessFilter, Point, SparseVector


def passage(name: str, *words: int, dense: tuple[float, ...] = (1, 0, 0, 0)) -> Point:
    """Make a passage called `project/file/version/ordinal` that has `words` once each."""
    project, file, version, ordinal = name.split("/")
    return Point(
        id=id_of(name),
        dense=dense,
        sparse={"words": SparseVector(sorted(words), [1.0] * len(words))},
        payload={
            "project_id": project,
            "file_id": file,
            "version": version,
            "ordinal": int(ordinal),
        },
    )


def id_of(name: str) -> str:
    """Return the id of the passage of that name."""
    return str(uuid5(NAMESPACE_OID, name))


def access(*projects: str) -> AccessFilter:
    """Open these projects and no other."""
    return AccessFilter(frozenset(projects))
