"""YAML as people write it, without what makes a small file large or one entry hide another."""

from pathlib import Path
from typing import Any, Final

import yaml

from inference.catalogue.problems import CatalogueInvalid, CatalogueMissing

_MOST_BYTES: Final = 2**20


class _PlainLoader(yaml.SafeLoader):
    """Takes no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{str(key.value)[:50]!r} comes twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def read_yaml(file: Path) -> object:
    """Return what a file says.

    Raises:
        CatalogueMissing: it cannot be read.
        CatalogueInvalid: it is no YAML, or over 1 MiB; says where.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise CatalogueInvalid(file, [f"it is larger than {_MOST_BYTES:,} bytes"])
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogueMissing(file, reason=error.strerror or type(error).__name__) from error
    except UnicodeDecodeError as error:
        raise CatalogueInvalid(file, ["it is not UTF-8"]) from error
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, _PlainLoader)):
            raise CatalogueInvalid(file, ["aliases (`*name`) are not taken: write it out"])
        return yaml.load(text, _PlainLoader)  # noqa: S506 - it is a safe loader, and stricter
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise CatalogueInvalid(file, [f"{line}{error.problem}"]) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise CatalogueInvalid(file, ["it is no YAML"]) from error
