"""What a call costs, in millionths of a yen."""

from decimal import Decimal

from inference.prices import FREE, Price, Used

PRICE = Price(
    prompt=Decimal(20), cached=Decimal(5), completion=Decimal(80),
    audio_minute=Decimal("0.5"), page=Decimal("0.1"),
)  # fmt: skip


def test_what_has_no_price_costs_nothing() -> None:
    assert FREE.of(Used(prompt_tokens=10**9, audio_s=3600, pages=9)) == 0


def test_tokens_are_priced_by_the_million_and_cached_ones_by_themselves() -> None:
    used = Used(prompt_tokens=1_000_000, cached_tokens=400_000, completion_tokens=500_000)
    assert PRICE.of(used) == (12 + 2 + 40) * 1_000_000


def test_cached_tokens_cost_what_others_do_where_no_price_is_set() -> None:
    price = Price(prompt=Decimal(20))
    used = Used(prompt_tokens=1_000_000, cached_tokens=1_000_000)
    assert price.of(used) == 20_000_000


def test_sound_is_priced_by_the_minute_and_pages_each() -> None:
    assert PRICE.of(Used(audio_s=90.0, pages=3)) == 750_000 + 300_000


def test_a_part_of_a_millionth_counts_as_one() -> None:
    assert Price(prompt=Decimal("0.000001")).of(Used(prompt_tokens=1)) == 1
