"""Which profile a submission asks for when it names none, and whether it describes a sample."""

import re
from collections.abc import Iterable

from agents.check_sample_quality.description import Description
from agents.check_sample_quality.labels import criterion_of
from agents.check_sample_quality.profile import Profile, load_profiles
from agents.check_sample_quality.statements import Statement

FALLBACK = "generic"
# Entries that only a description of a sample has; dates, people and results are everywhere.
_TELLING = (
    "identifier",
    "material",
    "composition",
    "form",
    "substrate",
    "particle_size",
    "molecular_weight",
    "formulation",
    "support",
    "metal_loading",
    "species",
    "tissue",
    "fixation",
)
LEAST_SIGNS = 2  # one word such as 粉末 is said of many things
LEAST_LABELS = 2
SHORT = 40  # characters; less is jotted down, and has no sentence to tell what it is about
_OTHER_TEXT = re.compile(
    r"レシピ|作り方|請求書|領収書|見積|議事録|納品書|履歴書"
    r"|\b(?:invoice|recipe|receipt|quotation|agenda|curriculum vitae)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"[A-Z]|\d")


def choose_profile(text: str) -> Profile:
    """Return the profile most of whose signs stand in folded text; the generic one in doubt."""
    profiles = load_profiles()
    signs = {name: _signs_in(text, profile.signs) for name, profile in profiles.items()}
    most = max(signs.values())
    best = [name for name, count in signs.items() if count == most]
    return profiles[best[0] if most >= LEAST_SIGNS and len(best) == 1 else FALLBACK]


def describes_sample(description: Description) -> bool:
    """Tell whether a text is about a sample at all; a form with nothing filled in is."""
    text = description.text.strip()
    if not text:
        return False
    if len(_telling_labels(description.statements)) >= LEAST_LABELS:
        return True
    if _OTHER_TEXT.search(text):
        return False
    if any(name in description.evidence for name in _TELLING):
        return True
    return len(text) <= SHORT and _CODE.search(text) is not None


def _signs_in(text: str, signs: Iterable[str]) -> int:
    """Count signs; one with a capital is an abbreviation, and no part of a word."""
    text = text.replace("_", " ")
    lowered = text.lower()
    return sum(sign in (lowered if sign.islower() else text) for sign in signs)


def _telling_labels(statements: Iterable[Statement]) -> set[str]:
    found = (criterion_of(each.label, _TELLING) for each in statements if each.label)
    return {name for name in found if name}
