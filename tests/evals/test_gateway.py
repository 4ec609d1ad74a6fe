"""The comparison with nginx reads what its client prints, and says what is missing."""

from pathlib import Path

import pytest

from evals.gateway.lab import Load, ToolMissing, lab, load_in

PRINTED = """Running 2s test @ http://127.0.0.1:1/v1/chat/completions
  1 threads and 16 connections
  Latency Distribution
     50%  512.00us
     99%    3.00ms
  4364 requests in 2.00s, 3.05MB read
  Non-2xx or 3xx responses: 3
Requests/sec:   2182.17
Transfer/sec:      1.53MB
"""


def test_what_the_client_printed_is_read() -> None:
    assert load_in(PRINTED) == Load(per_s=2182.17, p50_ms=0.512, errors=3)


def test_what_is_no_result_is_told() -> None:
    with pytest.raises(ValueError, match="unable to connect"):
        load_in("unable to connect to 127.0.0.1")


def test_a_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="apt install nginx-light wrk"), lab(tmp_path):
        pass
