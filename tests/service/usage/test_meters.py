"""Numbers for Prometheus: true, bounded, and without names of persons."""

from prometheus_client.parser import text_string_to_metric_families

from service.usage.meters import ModelMeters
from tests.service.usage.records import call

Labels = dict[str, str]


def samples(meters: ModelMeters, name: str) -> list[tuple[Labels, float]]:
    families = text_string_to_metric_families(meters.render().decode())
    found = [each for family in families for each in family.samples if each.name == name]
    return [(each.labels, each.value) for each in found]


def test_calls_are_counted_by_how_they_ended() -> None:
    meters = ModelMeters(secret=b"s")
    for outcome in ("ok", "ok", "left"):
        meters.observe(call(outcome=outcome))
    counted = samples(meters, "fumikura_model_calls_total")
    assert {labels["outcome"]: value for labels, value in counted} == {"ok": 2, "left": 1}


def test_what_they_used_is_summed_up() -> None:
    meters = ModelMeters(secret=b"s")
    for _ in range(2):
        meters.observe(call(audio_s=1.5, pages=3, microyen=500_000))
    tokens = samples(meters, "fumikura_model_tokens_total")
    assert {labels["kind"]: value for labels, value in tokens} == {
        "prompt": 20, "cached": 8, "completion": 10,
    }  # fmt: skip
    for name, value in (("audio_seconds", 3.0), ("pages", 6), ("yen", 1.0)):
        [(_, summed)] = samples(meters, f"fumikura_model_{name}_total")
        assert summed == value


def test_a_call_without_an_answer_has_no_first_byte() -> None:
    meters = ModelMeters(secret=b"s")
    meters.observe(call(first_byte_s=None))
    meters.observe(call(first_byte_s=0.5))
    assert [value for _, value in samples(meters, "fumikura_model_first_byte_seconds_count")] == [1]
    assert [value for _, value in samples(meters, "fumikura_model_call_seconds_count")] == [2]


def test_the_time_from_token_to_token_is_that_of_streams_alone() -> None:
    meters = ModelMeters(secret=b"s")
    for is_stream in (True, False):
        meters.observe(
            call(is_stream=is_stream, seconds=2.5, first_byte_s=0.5, completion_tokens=5)
        )
    meters.observe(call(is_stream=True, completion_tokens=1))
    assert [v for _, v in samples(meters, "fumikura_model_inter_token_seconds_sum")] == [0.5]
    assert [v for _, v in samples(meters, "fumikura_model_inter_token_seconds_count")] == [1]


def test_calls_that_waited_for_a_replica_tell_how_long() -> None:
    meters = ModelMeters(secret=b"s")
    meters.observe(call())
    meters.observe(call(), held_s=7.0)
    assert [v for _, v in samples(meters, "fumikura_model_held_seconds_sum")] == [7.0]
    assert [v for _, v in samples(meters, "fumikura_model_held_seconds_count")] == [1]


def test_how_soon_answers_begin_is_told_by_owner_too() -> None:
    meters = ModelMeters(secret=b"s")
    for person in ("山田", "佐藤"):
        meters.observe(call(principal_id=person, first_byte_s=0.5))
    told = samples(meters, "fumikura_model_owner_first_byte_seconds_sum")
    assert [value for _, value in told] == [0.5, 0.5]
    assert len({labels["owner"] for labels, _ in told}) == 2


def test_a_person_is_a_hash_that_only_the_secret_gives() -> None:
    owners: list[str] = []
    for secret in (b"one", b"one", b"two"):
        meters = ModelMeters(secret=secret)
        meters.observe(call(principal_id="山田"))
        [(labels, _)] = samples(meters, "fumikura_model_calls_total")
        owners.append(labels["owner"])
        assert "山田" not in meters.render().decode()
    assert owners[0] == owners[1] != owners[2]
    assert all(len(owner) == 8 for owner in owners)


def test_beyond_a_thousand_persons_the_others_are_counted_together() -> None:
    meters = ModelMeters(secret=b"s")
    for each in range(1_005):
        meters.observe(call(principal_id=f"person-{each}"))
    owners = {
        labels["owner"]: value for labels, value in samples(meters, "fumikura_model_yen_total")
    }
    assert len(owners) == 1_001
    assert samples(meters, "fumikura_model_calls_total")[-1][0]["owner"] == "other"
    assert [
        v for label, v in samples(meters, "fumikura_model_calls_total") if label["owner"] == "other"
    ] == [5]
