"""Who may read a private node: contributors, and administrators of a node above it."""

from collections.abc import Sequence

from connectors.rdm.models import Readable
from connectors.rdm.readable import is_readable


def _readable(contributed: Sequence[str], administered: Sequence[str] = ()) -> Readable:
    return Readable(contributed=frozenset(contributed), administered=frozenset(administered))


def test_a_contributor_may_read() -> None:
    assert is_readable("abc12", [], _readable(["abc12"]))


def test_others_may_not() -> None:
    assert not is_readable("abc12", [], _readable(["xyz99"], ["xyz99"]))


def test_to_read_the_parent_is_not_to_read_its_component() -> None:
    assert not is_readable("cmp01", ["abc12"], _readable(["abc12"]))


def test_to_read_a_component_is_not_to_read_its_parent() -> None:
    assert not is_readable("abc12", [], _readable(["cmp01"], ["cmp01"]))


def test_an_administrator_may_read_everything_below() -> None:
    assert is_readable("cmp02", ["cmp01", "abc12"], _readable(["abc12"], ["abc12"]))


def test_who_contributes_to_nothing_reads_nothing() -> None:
    assert not is_readable("abc12", ["top01"], _readable([]))
