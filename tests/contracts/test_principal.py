"""Who is asking."""

from typing import get_args

import pytest
from pydantic import ValidationError

from contracts.principal import ALL_SCOPES, Principal, Scope


def test_a_caller_has_a_name_scopes_and_the_key_it_showed() -> None:
    caller = Principal(id="u1", name="山田", scopes=frozenset({"read"}), key_id="k1")
    assert Principal.model_validate_json(caller.model_dump_json()) == caller


def test_the_list_of_all_scopes_is_complete() -> None:
    assert frozenset(get_args(Scope)) == ALL_SCOPES


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "", "name": "山田", "scopes": []},
        {"id": "u" * 129, "name": "山田", "scopes": []},
        {"id": "u1", "name": "山田", "scopes": ["everything"]},
        {"id": "u1", "name": "山田"},
    ],
)
def test_a_caller_without_identity_or_with_unknown_scopes_is_refused(
    fields: dict[str, object],
) -> None:
    with pytest.raises(ValidationError):
        Principal.model_validate(fields)


def test_a_caller_cannot_widen_its_own_scopes() -> None:
    caller = Principal(id="u1", name="", scopes=frozenset({"read"}))
    with pytest.raises(ValidationError):
        setattr(caller, "scopes", ALL_SCOPES)  # noqa: B010 - a type checker refuses the plain form
