"""Faults of RDM and of the line to it, one by one: how a sync ends, and what the next repairs."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.cases", f"{__name__}.laboratory", f"{__name__}.verdict")
