from agents.explain_vedic.corpus import Corpus, Verse, load_bundled
from agents.explain_vedic.devanagari import normalise
from agents.explain_vedic.matching import VerseIndex
from agents.explain_vedic.passages import MatchedPassage, match_passages

INDEX = VerseIndex([load_bundled()])
FIRST, SECOND, THIRD = (verse.text for verse in load_bundled().verses[:3])
PROSE = "धर्मक्षेत्रे कुरुक्षेत्रे समवेता युयुत्सवः"


def _loci(passages: list[MatchedPassage]) -> list[str]:
    return [passage.match.verse.locus for passage in passages]


def test_the_verses_of_a_hymn_are_found_in_their_order() -> None:
    hymn = normalise(f"{FIRST}१॥\n{SECOND}२॥\n{THIRD}३॥")
    assert _loci(match_passages(hymn, INDEX.find)) == ["RV 1.1.1", "RV 1.1.2", "RV 1.1.3"]


def test_verses_may_end_with_a_number_alone() -> None:
    hymn = normalise(f"{FIRST.rstrip('॥ ')} १\n{SECOND.rstrip('॥ ')} २")
    assert _loci(match_passages(hymn, INDEX.find)) == ["RV 1.1.1", "RV 1.1.2"]


def test_a_verse_among_prose_is_found_by_its_line() -> None:
    page = normalise("\n".join([PROSE] * 6 + [FIRST.split("।")[0]] + [PROSE] * 6))
    (found,) = match_passages(page, INDEX.find)
    assert found.match.verse.locus == "RV 1.1.1"
    assert found.reading == FIRST.split("।")[0].strip()


def test_neighbouring_parts_of_one_verse_are_one_passage_with_the_better_score() -> None:
    first, second = (half.strip(" ॥") for half in FIRST.split("।"))
    damaged = second.replace("ता", "गा").replace("ध", "स")
    page = normalise(f"{PROSE}\n" * 4 + f"{first}\n{damaged}" + f"\n{PROSE}" * 4)
    (found,) = match_passages(page, INDEX.find)
    assert found.reading == f"{first}\n{normalise(damaged)}"
    assert found.match.score == 1.0


def test_a_verse_that_comes_twice_apart_is_two_passages() -> None:
    page = normalise(f"{FIRST}\n{SECOND}\n{FIRST}")
    assert _loci(match_passages(page, INDEX.find)) == ["RV 1.1.1", "RV 1.1.2", "RV 1.1.1"]


def test_no_verse_of_a_long_text_is_left_out() -> None:
    numbered = [
        Verse(locus=f"X {number}", text=FIRST if number % 2 else SECOND) for number in range(300)
    ]
    index = VerseIndex([Corpus("own", "own", tuple(numbered[:2]))])
    page = normalise("\n".join(verse.text for verse in numbered))
    assert len(match_passages(page, index.find)) == 300


def test_prose_and_nothing_hold_no_passage() -> None:
    assert match_passages(normalise(f"{PROSE} । {PROSE} ॥"), INDEX.find) == []
    assert match_passages("", INDEX.find) == []
