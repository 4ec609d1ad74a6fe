"""A schema as grammar engines can follow it: what fits the result fits the schema itself, too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from inference.structured.patterns import FORMATS, is_usable, of_length
from inference.structured.problems import SchemaUnsupported

_DEEPEST: Final = 32
_MOST_NODES: Final = 2_000
_MOST_ITEMS: Final = 64
"""Of a list without a bound: a model with nothing to say would fill it to the end."""
_TIGHTER: Final = 4
"""In a second try strings get a quarter of their length: bytes that are no text become several
characters, which no grammar counts."""
_KNOWN: Final = frozenset(
    {
        *("type", "properties", "required", "additionalProperties", "items", "prefixItems"),
        *("enum", "const", "anyOf", "oneOf", "allOf", "$ref", "$defs", "definitions", "format"),
        *("pattern", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"),
        *("exclusiveMinimum", "exclusiveMaximum", "multipleOf", "title", "description"),
        *("default", "examples", "$schema", "$id", "$comment", "deprecated"),
    }
)
_FEW: Final = 256
_OTHER_BOUNDS: Final = frozenset({"exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_NAMED: Final = frozenset({"properties", "$defs", "definitions"})
_LISTED: Final = frozenset({"anyOf", "prefixItems"})
_SINGLE: Final = frozenset({"items", "additionalProperties"})
_MOST_STEPS: Final = 20
_TOLD_ONLY: Final = frozenset({"default", "examples", "$schema", "$id", "$comment", "deprecated"})


@dataclass(slots=True)
class _Walk:
    """How much of a schema was seen, and how tight it is made."""

    root: Mapping[str, Any]
    is_second_try: bool
    nodes: int = 0


def narrowed(schema: Mapping[str, Any], *, is_second_try: bool = False) -> dict[str, Any]:
    """Return a schema that is narrower, never wider.

    Strings with bounds hold no quotation marks, backslashes and control characters; objects have no
    properties but those that are named, unless they say they may; lists without a bound end; of
    integers, few are named one by one.

    Raises:
        SchemaUnsupported: it says what no grammar can follow; names the place.
    """
    return _narrowed(schema, "", 0, _Walk(schema, is_second_try))


def _narrowed(schema: object, place: str, depth: int, walk: _Walk) -> dict[str, Any]:
    walk.nodes += 1
    if depth > _DEEPEST or walk.nodes > _MOST_NODES:
        raise SchemaUnsupported(place, "it is too deep, or too large")
    if schema is True:
        return {}
    if not isinstance(schema, dict):
        raise SchemaUnsupported(place, "it is no schema")
    given = cast("dict[str, Any]", schema)
    for keyword in given.keys() - _KNOWN:
        raise SchemaUnsupported(place, f"{str(keyword)[:50]!r} is not known")
    result = {key: value for key, value in given.items() if key not in _TOLD_ONLY}
    _narrow_parts(result, place, depth, walk)
    _check_reference(result, place, walk.root)
    _narrow_string(result, place, walk)
    _narrow_integer(result)
    _narrow_array(result)
    if "properties" in result:
        result.setdefault("additionalProperties", False)
    return result


def _narrow_parts(result: dict[str, Any], place: str, depth: int, walk: _Walk) -> None:
    """Narrow the schemas within a schema, in place."""
    if "oneOf" in result:  # that no second one fits, is checked in the answer
        result["anyOf"] = [*result.get("anyOf", []), *_listed(result.pop("oneOf"), place)]
    if "allOf" in result:
        _merge(result, _listed(result.pop("allOf"), place), place)
    for keyword in _NAMED & result.keys():
        result[keyword] = {
            str(name): _narrowed(each, f"{place}/{keyword}/{name}", depth + 1, walk)
            for name, each in _mapped(result[keyword], f"{place}/{keyword}").items()
        }
    for keyword in _LISTED & result.keys():
        result[keyword] = [
            _narrowed(each, f"{place}/{keyword}/{number}", depth + 1, walk)
            for number, each in enumerate(_listed(result[keyword], place))
        ]
    for keyword in _SINGLE & result.keys():
        if result[keyword] is not False:
            result[keyword] = _narrowed(result[keyword], f"{place}/{keyword}", depth + 1, walk)


def _merge(result: dict[str, Any], parts: Sequence[Any], place: str) -> None:
    """Take over a single part of `allOf`, as generators write it around a reference."""
    if len(parts) != 1:
        raise SchemaUnsupported(f"{place}/allOf", "only one schema can be in it")
    part = _mapped(parts[0], f"{place}/allOf/0")
    if part.keys() & result.keys():
        raise SchemaUnsupported(f"{place}/allOf", "it says again what stands beside it")
    for keyword in part.keys() - _KNOWN:
        raise SchemaUnsupported(f"{place}/allOf/0", f"{str(keyword)[:50]!r} is not known")
    result.update(part)


def _check_reference(result: Mapping[str, Any], place: str, root: Mapping[str, Any]) -> None:
    """Follow a reference until something else than a reference is found."""
    named: Mapping[str, Any] | None = result
    for _ in range(_MOST_STEPS):
        if named is None:
            break
        if "$ref" not in named:
            return
        named = _named(str(named["$ref"]), root)
    raise SchemaUnsupported(f"{place}/$ref", "it names no part of the schema itself")


def _named(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what a reference such as `#/$defs/sample` names; None: nothing."""
    if not reference.startswith("#"):
        return None
    named = root
    for step in reference[1:].split("/")[1:]:
        inner: object = named.get(step.replace("~1", "/").replace("~0", "~"))
        if not isinstance(inner, dict):
            return None
        named = cast("dict[str, Any]", inner)
    return named


def _narrow_string(result: dict[str, Any], place: str, walk: _Walk) -> None:
    pattern = result.get("pattern")
    if pattern is not None and not (isinstance(pattern, str) and is_usable(pattern)):
        raise SchemaUnsupported(f"{place}/pattern", "it is none, or looks around or back")
    if {"enum", "const"} & result.keys():
        return
    if pattern is None and (known := FORMATS.get(str(result.get("format")))) is not None:
        result["pattern"] = known
        del result["format"]
    elif pattern is None and {"minLength", "maxLength"} & result.keys():
        least, most = _bounds(result, place)
        if walk.is_second_try and most is not None:
            most = max(least, most // _TIGHTER)
        result["pattern"] = of_length(least, most)
    if "pattern" in result:
        for bound in ("minLength", "maxLength"):
            result.pop(bound, None)


def _bounds(result: Mapping[str, Any], place: str) -> tuple[int, int | None]:
    least, most = result.get("minLength", 0), result.get("maxLength")
    fits = isinstance(least, int) and 0 <= least <= 10_000
    if not fits or not (most is None or (isinstance(most, int) and least <= most <= 1_000_000)):
        raise SchemaUnsupported(place, "its length has no such bounds")
    # Beyond some thousand characters the number of tokens is what ends a string.
    return least, most if most is None or most <= 4_000 else None


def _narrow_integer(result: dict[str, Any]) -> None:
    """Name the numbers, where they are few: llama.cpp's grammars know no bounds of numbers."""
    if result.get("type") != "integer" or {"enum", "const"} & result.keys():
        return
    least, most = result.get("minimum"), result.get("maximum")
    if not (isinstance(least, int) and isinstance(most, int) and 0 <= most - least < _FEW):
        return
    if _OTHER_BOUNDS & result.keys():
        return
    del result["minimum"], result["maximum"]
    result["enum"] = list(range(least, most + 1))


def _narrow_array(result: dict[str, Any]) -> None:
    if "items" in result and result["items"] is not False and "maxItems" not in result:
        least = result.get("minItems", 0)
        result["maxItems"] = max(_MOST_ITEMS, least if isinstance(least, int) else 0)


def _listed(value: object, place: str) -> Sequence[Any]:
    if not isinstance(value, list) or not value:
        raise SchemaUnsupported(place, "a list of schemas is missing")
    return cast("Sequence[Any]", value)


def _mapped(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SchemaUnsupported(place, "names with schemas are missing")
    return cast("dict[str, Any]", value)
