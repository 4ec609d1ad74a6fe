"""Find the verse that a reading agrees with, in spite of OCR errors, spaces and accents."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from math import log

from agents.explain_vedic.corpus import Corpus, Verse
from agents.explain_vedic.devanagari import skeleton

GROUP = 3  # letters in a group: one wrong letter spoils three groups, a wrong akṣara few more
SHORTEST = 12  # letters; a shorter reading agrees with too many verses by chance
KNOWN_FROM = 0.3  # share that a long reading needs; tests/agents/explain_vedic/test_rigveda.py
CHANCE = 3.6  # over the letters, on top: a short phrase is in some verse by chance, 12 need 0.6
UNSEEN_IN = 25  # a group that no verse has weighs like one of every 25th: it is noise, not news
CANDIDATES = 24


@dataclass(frozen=True, slots=True)
class Match:
    """A verse with its score: the weighted share of the reading's letter groups it has.

    `margin` is the distance to the best verse with another wording; `also` names the loci whose
    verses have the reading just as well.
    """

    verse: Verse
    corpus: str
    score: float
    margin: float
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    position: int
    score: float
    covered: float  # share of the verse that the reading covers: a whole verse before a longer one


class VerseIndex:
    """Letter groups of all verses, weighted by how few verses have them."""

    def __init__(self, corpora: Sequence[Corpus]) -> None:
        """Index the corpora; of verses that share locus and wording the first is kept."""
        self._entries: list[tuple[Verse, str]] = []
        self._groups: list[Counter[str]] = []
        self._postings: dict[str, list[int]] = defaultdict(list)
        for verse, corpus_id, letters in _distinct(corpora):
            groups = _groups(letters)
            for group in groups:
                self._postings[group].append(len(self._entries))
            self._entries.append((verse, corpus_id))
            self._groups.append(groups)

    def find(self, reading: str) -> Match | None:
        """Return the best verse for a normalised reading; None when none is near enough."""
        letters = skeleton(reading)
        if len(letters) < SHORTEST:
            return None
        ranked = self._ranked(_groups(letters))
        if not ranked or ranked[0].score < KNOWN_FROM + CHANCE / len(letters):
            return None
        return self._match(ranked)

    def _match(self, ranked: list[_Candidate]) -> Match:
        best = ranked[0]
        verse, corpus_id = self._entries[best.position]
        rivals = [rival for rival in ranked[1:] if not self._same_wording(best, rival)]
        equal = [rival for rival in ranked[1:] if best.score - rival.score < 1e-9]
        return Match(
            verse=verse,
            corpus=corpus_id,
            score=round(best.score, 4),
            margin=round(best.score - rivals[0].score, 4) if rivals else round(best.score, 4),
            also=tuple(self._entries[rival.position][0].locus for rival in equal),
        )

    def _same_wording(self, one: _Candidate, other: _Candidate) -> bool:
        return self._groups[one.position] == self._groups[other.position]

    def _ranked(self, reading: Counter[str]) -> list[_Candidate]:
        whole = self._weight(reading)
        shared: dict[int, float] = defaultdict(float)
        for group in reading:
            weight = self._rarity(group)
            for position in self._postings.get(group, ()):
                shared[position] += weight
        nearest = nlargest(CANDIDATES, shared, key=shared.__getitem__)
        candidates = [self._compare(position, reading, whole) for position in nearest]
        return sorted(candidates, key=lambda found: (-found.score, -found.covered, found.position))

    def _compare(self, position: int, reading: Counter[str], whole: float) -> _Candidate:
        verse = self._groups[position]
        common = self._weight(reading & verse)
        return _Candidate(position, min(1.0, common / whole), common / self._weight(verse))

    def _weight(self, groups: Counter[str]) -> float:
        return sum(count * self._rarity(group) for group, count in groups.items())

    def _rarity(self, group: str) -> float:
        having = len(self._postings.get(group, ())) or len(self._entries) / UNSEEN_IN
        return log(1 + len(self._entries) / (1 + having))


@lru_cache(maxsize=2)
def index_of(corpora: tuple[Corpus, ...]) -> VerseIndex:
    """Return the index of these corpora, built once."""
    return VerseIndex(corpora)


def _groups(letters: str) -> Counter[str]:
    return Counter(letters[at : at + GROUP] for at in range(len(letters) - GROUP + 1))


def _distinct(corpora: Iterable[Corpus]) -> Iterable[tuple[Verse, str, str]]:
    seen: set[tuple[str, str]] = set()
    for corpus in corpora:
        for verse in corpus.verses:
            letters = skeleton(verse.text)
            if len(letters) >= GROUP and (verse.locus, letters) not in seen:
                seen.add((verse.locus, letters))
                yield verse, corpus.id, letters
