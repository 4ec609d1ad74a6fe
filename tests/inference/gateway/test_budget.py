"""How many calls are tried again."""

from inference.gateway.budget import RetryBudget


def test_where_all_fail_the_calls_are_a_fifth_more_and_no_flood() -> None:
    budget = RetryBudget(clock=lambda: 0.0)
    for _ in range(50):
        assert budget.spend()
    tries = 0
    for _ in range(1_000):
        budget.note_call()
        tries += budget.spend()
    assert tries == 200


def test_a_few_a_second_are_tried_again_without_any_calls() -> None:
    now = [0.0]
    budget = RetryBudget(clock=lambda: now[0])
    while budget.spend():
        pass
    now[0] = 1.0
    assert sum(budget.spend() for _ in range(20)) == 5
