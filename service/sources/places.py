"""Where a source is, as an operator writes it, and the project id that follows from it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, cast

from connectors.rdm.documents import is_node_id
from connectors.rdm.settings import InstanceName
from contracts.problems import InvalidRequest
from service.problems import FolderMissing, FolderRefused

_NOT_IN_AN_ID: Final = re.compile(r"[^A-Za-z0-9._-]+")
_IS_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_ID_RULE: Final = (
    "up to 128 letters, digits, dots, hyphens and underscores, the first a letter or digit"
)
_OF_A_NODE: Final = re.compile(r"(rdm|osf)-([a-z0-9]+)")
_NODE: Final = re.compile(r"(rdm|osf):([a-z0-9]{5,64})")
_MOUNT: Final = "rdmfs:"
_LONGEST_SLUG: Final = 80
_MARK_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class NodePlace:
    """A project or component of GakuNin RDM or OSF, with all its components."""

    instance: InstanceName
    node: str

    @property
    def location(self) -> str:
        """As an operator writes it."""
        return f"{self.instance}:{self.node}"


@dataclass(frozen=True, slots=True)
class MountPlace:
    """A project of GakuNin RDM that rdmfs has mounted."""

    path: str


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A folder of the service's machine."""

    path: str


def parse_place(location: str) -> NodePlace | MountPlace | FolderPlace:
    """Read `rdm:abc12`, `osf:abc12`, `rdmfs:/mnt/rdm`, or else the path of a folder.

    Raises:
        InvalidRequest: it begins with `rdm:` or `osf:`, but no id of a node follows.
    """
    if node := _NODE.fullmatch(location):
        return NodePlace(cast("InstanceName", node[1]), node[2])
    if location.startswith(("rdm:", "osf:")):
        raise InvalidRequest(
            f"location: {location[:64]!r} names no project",
            hint="Write the id in the project's address, such as `rdm:abc12`.",
        )
    if location.startswith(_MOUNT):
        return MountPlace(location.removeprefix(_MOUNT))
    return FolderPlace(location)


def node_project_id(instance: InstanceName, node: str) -> str:
    """Return the id that a node has as a project of ours."""
    return f"{instance}-{node}"


def is_node_project(project_id: str) -> bool:
    """Tell whether an id is that of a node's project."""
    return _OF_A_NODE.fullmatch(project_id) is not None


def mounted_node(project_id: str | None, default: str | None) -> str:
    """Return which node of GakuNin RDM is mounted: of `rdm-abc12`, or the surrounding one.

    Raises:
        InvalidRequest: neither says it.
    """
    node = default if project_id is None else project_id.removeprefix("rdm-")
    if node is None or not is_node_id(node):
        raise InvalidRequest(
            "project_id: which project is mounted there is not known",
            hint="Set RDM_NODE_ID, or name the project: `--project-id rdm-abc12`.",
        )
    return node


def check_folder_id(project_id: str) -> None:
    """Let pass what may be the id of a folder's project.

    Raises:
        InvalidRequest: it is no id, or one that a node of RDM has.
    """
    if not _IS_ID.fullmatch(project_id):
        raise InvalidRequest(f"project_id: {_ID_RULE}")
    if _OF_A_NODE.fullmatch(project_id):
        raise InvalidRequest("project_id: `rdm-…` and `osf-…` are ids of projects of RDM and OSF")


def folder_ids(folder: Path) -> list[str]:
    """Return ids for a folder's project, the best first; the last is no other folder's."""
    from_path = id_from_path(folder)
    slug = _slug(folder)
    return [slug, from_path] if slug and not _OF_A_NODE.fullmatch(slug) else [from_path]


def id_from_path(folder: Path) -> str:
    """Return an id that no other folder has: the name with a mark made of the whole path."""
    mark = sha256(str(folder).encode("utf-8", "surrogateescape")).hexdigest()[:_MARK_LENGTH]
    return f"{_slug(folder) or 'project'}-{mark}"


def find_folder(path: str, roots: Sequence[Path] | None) -> Path:
    """Return the folder itself, every link followed; with `roots`, only one below them.

    Outside of `roots` all paths look alike, whether there is something or not.

    Raises:
        FolderRefused: it is not below one of `roots`.
        FolderMissing: there is no folder.
    """
    try:
        folder = Path(path).expanduser().resolve()
        is_folder = folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, no such home, a NUL
        raise (FolderMissing(path) if roots is None else FolderRefused()) from error
    if roots is not None and not any(
        folder.is_relative_to(root.expanduser().resolve()) for root in roots
    ):
        raise FolderRefused
    if not is_folder:
        raise FolderMissing(path)
    return folder


def _slug(folder: Path) -> str:
    return _NOT_IN_AN_ID.sub("-", folder.name).strip("._-")[:_LONGEST_SLUG]
