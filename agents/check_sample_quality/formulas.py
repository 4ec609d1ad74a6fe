"""Chemical formulas: what reads as one, and which parts of one are no element."""

import re
from dataclasses import dataclass

ELEMENTS = frozenset(  # a list of 118 strings would not be easier to check
    """
    H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br
    Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho
    Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es
    Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og D
    """.split()  # noqa: SIM905 - see above
)
_GROUPS = frozenset({"Me", "Et", "Ph", "Bu", "Ac", "Ln", "Pr", "Cp", "Tx"})
_PART = re.compile(r"[A-Z][a-z]?|[a-z]")
_VARIABLES = frozenset("xyzdnδ")
_WORD = re.compile(r"[A-Z(\[][A-Za-z0-9().\[\]+\-·δ/]*")
_VARIABLE_SHARE = re.compile(r"[-+±](?:[xyzδd]|\d+(?:\.\d+)?[xyzδ])")
_ALLOY = re.compile(r"[A-Z][a-z]?(?:-\d+(?:\.\d+)?[A-Z][a-z]?)+")
_DESIGNATION = re.compile(r"[A-Z]\d{2,}")


@dataclass(frozen=True, slots=True)
class Formula:
    """A word at `start` that reads as a formula: its elements in order, and parts that are none."""

    start: int
    text: str
    elements: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def end(self) -> int:
        """One past its last character."""
        return self.start + len(self.text)

    @property
    def is_counted(self) -> bool:
        """Whether it has a number: CeO2, not GaN."""
        return any(char.isdigit() for char in self.text)


def read_formula(word: str, start: int = 0) -> Formula:
    """Read a word as a formula, greedily: two letters if they are an element, else one.

    A lower-case letter that ends no element is unknown, unless it stands for an amount (x, y, δ).
    """
    elements: list[str] = []
    unknown: list[str] = []
    for part in _PART.findall(word):
        if part in ELEMENTS or part in _GROUPS:
            elements.append(part)
        elif part[0] in ELEMENTS and part[1:] in _VARIABLES:
            elements.append(part[0])
        elif part not in _VARIABLES:
            unknown.append(part)
    if word.count("(") != word.count(")"):
        unknown.append("(" if word.count("(") > word.count(")") else ")")
    return Formula(start, word, tuple(elements), tuple(unknown))


def find_formulas(text: str) -> list[Formula]:
    """Return the words of folded text that are formulas beyond doubt, in order.

    Words of capitals without a number (PVC, NIST) and words with a part that is no element are
    left out, and so are designations whose numbers follow a dash (TiA-014).
    """
    words = (read_formula(word, start) for word, start in _words(text))
    return [formula for formula in words if _is_formula(formula.text)]


def is_composition_itself(word: str) -> bool:
    """Tell whether a folded word is nothing but a formula or an alloy: Bi2Se3, Mg-3Al-1Zn."""
    if _ALLOY.fullmatch(word):
        return set(re.findall(r"[A-Z][a-z]?", word)) <= ELEMENTS
    return any(formula.text == word for formula in find_formulas(word))


def find_misspelt_formulas(text: str) -> list[Formula]:
    """Return the words of folded text that can only be formulas, and have a part that is none.

    It needs two elements, a number and a small letter: NdNiO3Xq2, but not NMC811 or TiA-014.
    """
    words = (read_formula(word, start) for word, start in _words(text))
    return [formula for formula in words if _is_misspelt(formula)]


def _words(text: str) -> list[tuple[str, int]]:
    words = (_without_loose_bracket(match) for match in _WORD.finditer(text))
    return [(word, start) for word, start in words if not _continues_a_word(text, start)]


def _without_loose_bracket(match: re.Match[str]) -> tuple[str, int]:
    """Strip the bracket around a remark: `(Ti` in 「Ti-6Al-4V(Ti 90、Al 6)」 is Ti."""
    word, start = match.group().rstrip(".-+/"), match.start()
    if word.startswith("(") and word.count("(") > word.count(")"):
        return word[1:], start + 1
    if word.endswith(")") and word.count(")") > word.count("("):
        return word[:-1], start
    return word, start


def _continues_a_word(text: str, start: int) -> bool:
    before = text[max(0, start - 1) : start]
    return before.isascii() and before.isalnum()


def _is_formula(word: str) -> bool:
    bare = _VARIABLE_SHARE.sub("", word)
    if re.search(r"[-/+]|[a-z]{2,}", bare):
        return False
    formula = read_formula(bare)
    if formula.unknown or not formula.elements:
        return False
    if formula.is_counted:
        return not _DESIGNATION.fullmatch(bare)
    return len(formula.elements) >= 2 and any(char.islower() for char in bare)


def _is_misspelt(formula: Formula) -> bool:
    bare = _VARIABLE_SHARE.sub("", formula.text)
    return (
        bool(formula.unknown)
        and formula.is_counted
        and len(set(formula.elements)) >= 2
        and re.search(r"[a-z]", bare) is not None
        and re.search(r"[-/+]|[a-z]{3,}|[A-Z]{3,}", bare) is None
    )
