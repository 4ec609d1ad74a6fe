"""What a description of each sample class has to say: criteria and profiles, read from YAML."""

import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from agents.check_sample_quality.quantities import Dimension
from agents.check_sample_quality.record import Language
from agents.problems import ProfileUnknown

Check = Literal["presence", "quantity", "conditions", "composition", "basis", "shares", "date"]


# `^` in a cue is the start of a line, and `\b` stands between Japanese and Latin letters too.
_CUE_FLAGS = re.VERBOSE | re.MULTILINE | re.ASCII


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        message = f"not a regular expression: {error}"
        raise ValueError(message) from error
    return pattern


def _compiles_as_cue(pattern: str) -> str:
    try:
        re.compile(pattern, _CUE_FLAGS)
    except re.error as error:
        message = f"not a verbose regular expression: {error}"
        raise ValueError(message) from error
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
Cue = Annotated[str, AfterValidator(_compiles_as_cue)]


class Criterion(BaseModel):
    """One thing a description may say, how it is found, and how it is judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    ja: str
    en: str
    ask_ja: str
    ask_en: str
    example_ja: str
    example_en: str
    check: Check
    labels: tuple[str, ...]
    cues: tuple[Cue, ...] = ()
    vague: tuple[Pattern, ...] = ()
    not_about: Pattern | None = None
    dimensions: tuple[Dimension, ...] = ()
    minimum: float | None = None
    maximum: Mapping[Dimension, float] = {}
    none_is_said: bool = False

    @model_validator(mode="after")
    def _a_quantity_has_dimensions(self) -> "Criterion":
        if (self.check == "quantity") != bool(self.dimensions):
            message = f"{self.id}: `dimensions` belong to the check `quantity`"
            raise ValueError(message)
        return self

    @cached_property
    def cue_patterns(self) -> tuple[re.Pattern[str], ...]:
        """The cues, compiled; those of most criteria have a group `quote`."""
        return tuple(re.compile(cue, _CUE_FLAGS) for cue in self.cues)

    def label(self, language: Language) -> str:
        """Return its name in this language."""
        return self.ja if language == "ja" else self.en

    def question(self, language: Language) -> str:
        """Return what it asks for in this language."""
        return self.ask_ja if language == "ja" else self.ask_en

    def example(self, language: Language) -> str:
        """Return an example of a good entry in this language."""
        return self.example_ja if language == "ja" else self.example_en


class Profile(BaseModel):
    """What one sample class requires and recommends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    version: str
    ja: str
    en: str
    required: tuple[str, ...]
    recommended: tuple[str, ...]
    signs: tuple[str, ...] = ()

    @property
    def criteria(self) -> tuple[str, ...]:
        """The ids of all its criteria, required ones first."""
        return self.required + self.recommended


@lru_cache(maxsize=1)
def load_criteria() -> Mapping[str, Criterion]:
    """Return the built-in criteria by id."""
    entries = _load_yaml("criteria.yaml")["criteria"]
    cues = _load_cues()
    return {
        name: Criterion(id=name, cues=cues.get(name, ()), **entry)
        for name, entry in entries.items()
    }


@lru_cache(maxsize=1)
def load_note_labels() -> frozenset[str]:
    """Return the names of fields that hold free text, in small letters."""
    return frozenset(_load_yaml("criteria.yaml")["notes"])


def criteria_version() -> str:
    """Return the version of the built-in criteria: the same one gives the same findings."""
    return str(_load_yaml("criteria.yaml")["version"])


def _load_cues() -> dict[str, tuple[str, ...]]:
    """Return the cues of each criterion, with the named parts put in their places."""
    raw = _load_yaml("cues.yaml")
    parts = {f"{{{name}}}": pattern for name, pattern in raw["parts"].items()}
    return {name: tuple(_put_in(parts, cue) for cue in cues) for name, cues in raw["cues"].items()}


def _put_in(parts: Mapping[str, str], cue: str) -> str:
    for name, pattern in parts.items():
        cue = cue.replace(name, pattern)
    return cue


@lru_cache(maxsize=1)
def load_profiles() -> Mapping[str, Profile]:
    """Return the built-in profiles by id; each names only criteria that there are."""
    folder = files("agents.check_sample_quality") / "profiles"
    texts = [file.read_text(encoding="utf-8") for file in folder.iterdir() if _is_yaml(file.name)]
    profiles = [Profile.model_validate(yaml.safe_load(text)) for text in texts]
    known = load_criteria()
    for profile in profiles:
        if unknown := set(profile.criteria) - known.keys():
            message = f"profile {profile.id} names unknown criteria: {sorted(unknown)}"
            raise ValueError(message)
    return {profile.id: profile for profile in sorted(profiles, key=lambda profile: profile.id)}


def find_profile(name: str) -> Profile:
    """Return the profile of this name.

    Raises:
        ProfileUnknown: there is none.
    """
    profiles = load_profiles()
    if name not in profiles:
        raise ProfileUnknown(name, known=profiles)
    return profiles[name]


@lru_cache(maxsize=16)
def _load_yaml(name: str) -> Mapping[str, Any]:
    packaged = files("agents.check_sample_quality") / name
    loaded: Mapping[str, Any] = yaml.safe_load(packaged.read_text(encoding="utf-8"))
    return loaded


def _is_yaml(name: str) -> bool:
    return name.endswith(".yaml")
