"""What a run tells while it goes on."""

from rag.progress import remaining_s


def test_the_rest_takes_as_long_as_its_share_took_so_far() -> None:
    assert remaining_s(done=2, todo=6, elapsed_s=10) == 20


def test_before_the_first_file_there_is_no_pace() -> None:
    assert remaining_s(done=0, todo=6, elapsed_s=10) is None


def test_when_all_is_done_nothing_remains() -> None:
    assert remaining_s(done=6, todo=6, elapsed_s=10) == 0
