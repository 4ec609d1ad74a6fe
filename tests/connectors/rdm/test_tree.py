"""Which nodes hang below which, and in which order, when some of them are hidden."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.rdm.models import Node
from connectors.rdm.tree import below, parents_first
from tests.connectors.rdm.asking import PROJECT, component

METHODS = component("cmp01", of="abc12")
SAMPLES = component("cmp02", of="cmp01")
FUNDING = component("cmp03", of="abc12")


def _ids(nodes: list[Node]) -> list[str]:
    return [node.node_id for node in nodes]


def test_parents_come_before_their_components() -> None:
    assert below("abc12", [SAMPLES, FUNDING, METHODS, PROJECT]) == [
        PROJECT,
        METHODS,
        FUNDING,
        SAMPLES,
    ]


def test_a_component_is_a_tree_of_its_own() -> None:
    assert below("cmp01", [PROJECT, METHODS, SAMPLES, FUNDING]) == [METHODS, SAMPLES]


def test_what_is_not_below_is_left_out() -> None:
    other = replace(PROJECT, node_id="xyz99", root="xyz99")
    assert below("abc12", [PROJECT, other]) == [PROJECT]


def test_a_component_of_a_hidden_one_still_hangs_below_the_project() -> None:
    assert below("abc12", [SAMPLES, PROJECT]) == [PROJECT, SAMPLES]


def test_a_component_of_a_hidden_one_is_not_taken_for_one_below_another_component() -> None:
    assert below("cmp03", [FUNDING, SAMPLES]) == [FUNDING]


def test_a_circle_of_parents_ends() -> None:
    one, other = component("cmp01", of="cmp02"), component("cmp02", of="cmp01")
    assert _ids(below("abc12", [PROJECT, one, other])) == ["abc12", "cmp01", "cmp02"]
    assert below("cmp03", [FUNDING, one, other]) == [FUNDING]


def test_a_tree_that_was_made_endlessly_deep_is_whole_all_the_same() -> None:
    chain = [component(f"n{depth:05}", of=f"n{depth - 1:05}") for depth in range(1, 5_000)]
    deep = [PROJECT, component("n00000", of="abc12"), *chain]
    assert set(_ids(below("abc12", deep))) == set(_ids(deep))


def test_several_trees_are_ordered_together() -> None:
    copy = replace(PROJECT, node_id="reg01", root="reg01", is_registration=True)
    copied = replace(component("reg00", of="reg01", root="reg01"), is_registration=True)
    assert parents_first([SAMPLES, copied, METHODS, copy, PROJECT]) == [
        PROJECT,
        copy,
        METHODS,
        copied,
        SAMPLES,
    ]


@settings(max_examples=50, deadline=None)
@given(parents=st.lists(st.integers(0, 30), max_size=30), seed=st.integers())
def test_every_node_comes_once_and_after_its_parent(parents: list[int], seed: int) -> None:
    nodes = [PROJECT]
    for number, parent in enumerate(parents):
        above = nodes[parent % len(nodes)].node_id
        nodes.append(component(f"cmp{number:02}", of=above))
    shuffled = random.Random(seed).sample(nodes, len(nodes))  # noqa: S311 - an order, no secret
    found = _ids(below("abc12", shuffled))
    assert sorted(found) == sorted(_ids(nodes))
    assert all(found.index(each.parent or found[0]) <= found.index(each.node_id) for each in nodes)
