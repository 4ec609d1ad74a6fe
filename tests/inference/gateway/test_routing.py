"""Which replica gets a call."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from inference.gateway.routing import Load, choose

REPLICAS = [Load(f"http://pod-{number}", 0) for number in range(4)]
loads = st.lists(
    st.builds(Load, st.sampled_from([each.url for each in REPLICAS]), st.integers(0, 50)),
    min_size=1,
    unique_by=lambda each: each.url,
)


def test_without_replicas_there_is_none() -> None:
    assert choose([], prefix=b"x") is None


def test_without_a_prefix_the_least_busy_one_is_chosen() -> None:
    assert choose([Load("a", 2), Load("b", 1), Load("c", 1)], prefix=None) == "b"


def test_equal_prefixes_go_to_one_replica_and_others_are_spread() -> None:
    assert len({choose(REPLICAS, prefix=b"the same") for _ in range(9)}) == 1
    spread = Counter(choose(REPLICAS, prefix=str(number).encode()) for number in range(400))
    assert min(spread.values()) > 50


def test_a_replica_that_goes_moves_only_the_prefixes_that_it_had() -> None:
    prefixes = [str(number).encode() for number in range(200)]
    before = {prefix: choose(REPLICAS, prefix=prefix) for prefix in prefixes}
    after = {prefix: choose(REPLICAS[:3], prefix=prefix) for prefix in prefixes}
    moved = {prefix for prefix in prefixes if before[prefix] != after[prefix]}
    assert moved == {prefix for prefix in prefixes if before[prefix] == REPLICAS[3].url}


@given(loads, st.binary(max_size=20))
def test_a_popular_prefix_never_piles_up_on_one_replica(
    replicas: list[Load], prefix: bytes
) -> None:
    chosen = choose(replicas, prefix=prefix)
    [busy] = [each.in_flight for each in replicas if each.url == chosen]
    total = sum(each.in_flight for each in replicas) + 1
    least = min(each.in_flight for each in replicas)
    assert busy < max(1.25 * total / len(replicas), least + 2)
