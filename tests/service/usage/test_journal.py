"""Records in files: none that was acknowledged is lost, none is taken for one that is damaged."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.usage.journal import Journal, lines_in
from service.usage.record import UsageRecord, line_of, record_in
from tests.service.usage.records import call


def taken_from(journal: Journal, *, together: int = 500) -> list[UsageRecord]:
    """Return what waits in files that nobody has, and remove them."""
    found: list[UsageRecord] = []
    for segment in journal.ready():
        while (some := segment.read_on(together)) is not None:
            found += some
        segment.drop()
        segment.close()
    return found


def test_what_was_appended_is_handed_out_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    kept = [call(), call(asked_model="試料モデル")]
    for record in kept:
        journal.append(record)
    segment = journal.turn()
    assert segment is not None
    assert segment.read_on(9) == kept
    segment.drop()
    segment.close()
    assert journal.turn() is None
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_files_are_for_their_user_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "usage")
    [file] = (tmp_path / "usage").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    journal.close()


@pytest.mark.parametrize("cut", [2, 20, 100])
def test_a_line_that_was_half_written_is_left_out_and_put_aside(
    cut: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole, half = call(), line_of(call())
    (tmp_path / "a.journal").write_bytes(line_of(whole) + half[:-cut])
    journal = Journal(tmp_path)
    assert taken_from(journal) == [whole]
    assert list(journal.ready()) == []
    assert (tmp_path / "a.damaged").read_bytes().endswith(half[:-cut])
    assert "1 damaged, see a.damaged" in caplog.text
    journal.close()


def test_damaged_lines_hide_none_that_follow(tmp_path: Path) -> None:
    whole = call()
    (tmp_path / "a.journal").write_bytes(b"\0\n" * 5 + line_of(whole))
    journal = Journal(tmp_path)
    assert taken_from(journal, together=2) == [whole]
    journal.close()


def test_a_line_with_another_byte_is_no_record() -> None:
    line = line_of(call())
    assert record_in(line) is not None
    assert record_in(line.replace(b'"status":200', b'"status":500')) is None


def test_the_file_of_a_process_that_lives_is_left_to_it(tmp_path: Path) -> None:
    theirs, ours = Journal(tmp_path), Journal(tmp_path)
    theirs.append(call())
    assert taken_from(ours) == []
    theirs.close()
    assert len(taken_from(ours)) == 1
    ours.close()


def test_a_file_is_taken_by_one_alone(tmp_path: Path) -> None:
    (tmp_path / "a.journal").write_bytes(line_of(call()))
    first, second = Journal(tmp_path), Journal(tmp_path)
    [segment] = first.ready()
    assert list(second.ready()) == []
    segment.close()
    assert len(taken_from(second)) == 1
    first.close()
    second.close()


def test_records_are_counted_where_they_wait(tmp_path: Path) -> None:
    assert lines_in(tmp_path / "not there") == 0
    journal = Journal(tmp_path)
    for _ in range(3):
        journal.append(call())
    assert lines_in(tmp_path) == 3
    journal.close()


def test_every_record_that_a_killed_process_acknowledged_is_there(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for round_ in range(20):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        acknowledged += [writer.stdout.readline().strip() for _ in range(1 + 13 * round_)]
        writer.kill()
        acknowledged += writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
    journal = Journal(tmp_path)
    kept = [record.id for record in taken_from(journal)]
    assert set(acknowledged) <= set(kept)
    assert len(kept) == len(set(kept))
    journal.close()


_WRITER = """
import os, sys
from pathlib import Path
from service.usage.journal import Journal
from tests.service.usage.records import call

journal = Journal(Path(sys.argv[1]))
while True:
    record = call()
    journal.append(record)
    os.write(1, record.id.encode() + b"\\n")
"""


def test_wherever_a_process_stands_still_none_of_its_records_is_taken_from_it(
    tmp_path: Path,
) -> None:
    folder, journal, taken = tmp_path / "usage", Journal(tmp_path / "usage"), list[str]()
    with (tmp_path / "acknowledged").open("w") as out:
        turner = subprocess.Popen([sys.executable, "-c", _TURNER, str(folder)], stdout=out)
    _wait_for(tmp_path / "acknowledged")
    for _ in range(300):
        turner.send_signal(signal.SIGSTOP)
        os.waitpid(turner.pid, os.WUNTRACED)
        taken += [record.id for record in taken_from(journal)]
        turner.send_signal(signal.SIGCONT)
        time.sleep(0.001)
    turner.kill()
    turner.wait()
    taken += [record.id for record in taken_from(journal)]
    acknowledged = (tmp_path / "acknowledged").read_text().split()
    assert set(acknowledged) <= set(taken)
    assert len(taken) == len(set(taken))
    journal.close()


def _wait_for(file: Path) -> None:
    until = time.monotonic() + 30
    while not file.stat().st_size:
        assert time.monotonic() < until
        time.sleep(0.01)


_TURNER = (
    _WRITER
    + """
    journal.turn().close()
"""
)


def test_on_a_full_disk_no_call_may_begin_and_no_record_is_lost(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ran.stdout.split() == ["usage_not_kept", "3"], ran.stderr
    assert ran.stderr.splitlines() == ["Records of usage cannot be written: File too large"]


_FULL = """
import resource, signal, sys
from pathlib import Path
from contracts.problems import Problem
from service.usage.journal import Journal
from service.usage.record import line_of
from tests.service.usage.records import call

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]))
most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
journal.append(call())
resource.setrlimit(resource.RLIMIT_FSIZE, (len(line_of(call())) + 50, most))
journal.append(call())
journal.append(call())
try:
    journal.check()
except Problem as problem:
    print(problem.code)
assert journal.turn() is None
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
journal.check()
print(len(journal.turn().read_on(9)))
"""
