"""Records in files: none that was acknowledged is lost, none is taken for one that is damaged."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.usage.journal import Journal
from service.usage.record import line_of, records_in
from tests.service.usage.records import call


def test_what_was_appended_is_handed_out_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    kept = [call(), call(asked_model="試料モデル")]
    for record in kept:
        journal.append(record)
    segment = journal.turn()
    assert segment is not None
    assert segment.records() == kept
    segment.drop()
    assert journal.turn() is None
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_files_are_for_their_user_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "usage")
    [file] = (tmp_path / "usage").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    journal.close()


@pytest.mark.parametrize("cut", [2, 20, 100])
def test_a_line_that_was_half_written_is_left_out(
    cut: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole, half = call(), line_of(call())
    (tmp_path / "a.journal").write_bytes(line_of(whole) + half[:-cut])
    journal = Journal(tmp_path)
    [segment] = journal.left_behind()
    assert segment.records() == [whole]
    assert "1 lines are damaged" in caplog.text
    segment.drop()
    journal.close()


def test_a_line_with_another_byte_is_left_out() -> None:
    line = line_of(call()).replace(b'"status":200', b'"status":500')
    assert list(records_in(line)) == [None]


def test_the_file_of_a_process_that_lives_is_left_to_it(tmp_path: Path) -> None:
    theirs, ours = Journal(tmp_path), Journal(tmp_path)
    theirs.append(call())
    assert list(ours.left_behind()) == []
    theirs.close()
    [segment] = ours.left_behind()
    assert len(segment.records()) == 1
    segment.drop()
    ours.close()


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
    kept = [record.id for segment in journal.left_behind() for record in segment.records()]
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


def test_on_a_full_disk_no_call_may_begin_and_no_record_is_lost(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ran.stdout.split() == ["usage_not_kept", "3"], ran.stderr


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
print(len(journal.turn().records()))
"""
