"""What is indexed and asked: real texts again and again with variations, or made-up ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, cycle, islice
from pathlib import Path
from random import Random
from typing import Final

from evals.retrieval.collection import Collection, load_collection
from rag.language import guess_language
from rag.sentences import sentence_spans

_LONGEST_CHARS: Final = 700
_MADE_UP: Final = 400
_ENGLISH: Final = (
    *("alloy", "furnace", "hardness", "quench", "temperature", "sample", "plate", "oxide", "film"),
    *("anneal", "stress", "crack", "grain", "boundary", "diffusion", "coating", "substrate"),
)
_JAPANESE: Final = (
    *("合金", "炉", "硬さ", "焼入れ", "温度", "試料", "薄膜", "酸化物", "応力", "亀裂", "結晶粒"),
    *("拡散", "基板", "引張強さ", "疲労", "中性子", "スペクトル", "格子", "熱処理", "測定"),
)


@dataclass(frozen=True, slots=True)
class Texts:
    """Passages to index, and queries in Japanese and English in turns."""

    passages: Sequence[str]
    queries: Sequence[str]
    source: str

    def some(self, passages: int) -> "Texts":
        """Return them with the first passages alone."""
        return replace(self, passages=self.passages[:passages])

    def passage(self, number: int) -> str:
        """Return passage `number` of any many: past the last one they come again, varied.

        A variation lacks some of the sentences, has the others in another order, and names a
        sample of its own.
        """
        text = self.passages[number % len(self.passages)]
        if number < len(self.passages):
            return text
        drawn = Random(number)  # noqa: S311 - the same variations each time
        sentences = [text[start:end] for start, end in sentence_spans(text)] or [text]
        kept = drawn.sample(sentences, max(len(sentences) * 2 // 3, 1))
        return f"{' '.join(kept)} #{drawn.choice('ABCDEFGH')}-{number}"


def load_texts(data: Path | None) -> Texts:
    """Return the texts of the collections in `data`; made-up ones where there are none."""
    folders = sorted(path.parent for path in data.glob("*/qrels.tsv")) if data else []
    return _real([load_collection(folder) for folder in folders]) if folders else _made_up()


def _real(collections: Sequence[Collection]) -> Texts:
    documents = [[each.whole_text for each in one.documents] for one in collections]
    queries = list(chain.from_iterable(one.queries.values() for one in collections))
    return Texts(
        passages=[text[:_LONGEST_CHARS] for text in _in_turns(documents)],
        queries=_in_turns(_by_language(queries)),
        source=", ".join(collection.name for collection in collections),
    )


def _by_language(queries: Sequence[str]) -> list[list[str]]:
    japanese = [query for query in queries if guess_language(query) == "ja"]
    others = [query for query in queries if guess_language(query) != "ja"]
    return [each for each in (japanese, others) if each]


def _in_turns(lists: Sequence[Sequence[str]]) -> list[str]:
    """Take one of each list in turn; the shorter ones begin again until the longest ends."""
    longest = max(map(len, lists))
    turns = (islice(cycle(one), longest) for one in lists)
    return list(chain.from_iterable(zip(*turns, strict=True)))


def _made_up() -> Texts:
    drawn = Random(4)  # noqa: S311 - the same texts each time

    def sentences(count: int) -> str:
        english = [f"The {' '.join(drawn.choices(_ENGLISH, k=9))}." for _ in range(count)]
        japanese = [f"{'の'.join(drawn.choices(_JAPANESE, k=5))}を調べた。" for _ in range(count)]
        return drawn.choice([" ".join(english), "".join(japanese)])

    return Texts(
        passages=[sentences(6) for _ in range(_MADE_UP)],
        queries=_in_turns(_by_language([sentences(1) for _ in range(_MADE_UP)])),
        source="made up",
    )
