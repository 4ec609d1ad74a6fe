"""Small texts on disk, all different, to be synced."""

from pathlib import Path
from typing import Final

_SENTENCES: Final = (
    "試料{0}を{1} °Cで{2}時間溶体化し、水冷した。",
    "The hardness of sample {0} after {2} h at {1} degrees was {3} HV.",
    "測定点は{2}か所、標準偏差は{2} HVであった。",
    "Furnace 2 overshot by {2} degrees; the run was repeated with plate {3}.",
)


def write_texts(folder: Path, *, files: int, folders: int, sentences: int) -> None:
    """Spread texts of so many sentences evenly over so many folders below `folder`."""
    for number in range(folders):
        (folder / f"測定 {number:03}").mkdir(parents=True)
    for file in range(files):
        path = folder / f"測定 {file % folders:03}" / f"sample-{file:05}.txt"
        path.write_text(_text(file, sentences), encoding="utf-8")


def _text(file: int, sentences: int) -> str:
    return "\n\n".join(
        _SENTENCES[at % len(_SENTENCES)].format(f"S-{file}", 100 + file % 400, at + 2, file + at)
        for at in range(sentences)
    )
