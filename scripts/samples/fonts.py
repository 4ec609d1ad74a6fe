"""What the pictures are set with, found on this machine."""

from collections.abc import Mapping
from pathlib import Path

from PIL import features

DEVANAGARI = "NotoSerifDevanagari-Regular.ttf"
HANDWRITING = "KleeOne-SemiBold.ttf"
_DEBIAN_PACKAGES = {DEVANAGARI: "fonts-noto-core", HANDWRITING: "fonts-klee"}
_SHAPING_PACKAGE = "libfribidi0"  # Pillow loads it when there, else it leaves letters unshaped


class FontsMissingError(Exception):
    """Names the Debian packages that hold what is missing."""

    def __init__(self, packages: list[str], folder: Path) -> None:
        super().__init__(
            f"The pictures were not written: fonts below {folder}, or what shapes their letters,"
            f" are missing. Install them: sudo apt install {' '.join(packages)}"
        )


def find_fonts(folder: Path) -> Mapping[str, Path]:
    """Return each font's file, from anywhere below the folder.

    Raises:
        FontsMissingError: one is not there, or Devanagari would come out unshaped.
    """
    found = {path.name: path for path in folder.rglob("*.ttf")}
    missing = [package for font, package in _DEBIAN_PACKAGES.items() if font not in found]
    if not features.check("raqm"):
        missing.append(_SHAPING_PACKAGE)
    if missing:
        raise FontsMissingError(missing, folder)
    return {font: found[font] for font in _DEBIAN_PACKAGES}
