"""ARCHITECTURE.md is one screen and names only what is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAMED_PATHS = sorted(set(re.findall(r"`([a-z_.]+(?:/[a-z_.]*)+|[a-z_]+\.py)`", ARCHITECTURE)))


def test_the_architecture_fits_one_screen() -> None:
    lines = ARCHITECTURE.splitlines()
    assert len(lines) <= 60
    assert max(len(line) for line in lines) <= 120


@pytest.mark.parametrize("path", NAMED_PATHS)
def test_every_path_that_the_architecture_names_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(
    "package",
    sorted(path.parent.name for path in ROOT.glob("*/py.typed")),
)
def test_every_package_is_in_the_architecture(package: str) -> None:
    assert f"{package}/" in ARCHITECTURE


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_every_link_of_a_readme_leads_to_a_file(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
