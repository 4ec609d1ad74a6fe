import pytest

from agents.check_sample_quality.choosing import choose_profile, describes_sample
from tests.agents.check_sample_quality.checking import description_of


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("組成の単位：質量%、950 ℃で溶体化", "bulk_alloy"),
        ("a sputtered film on a sapphire substrate", "thin_film"),
        ("particle_size: 3 um, calcined powder", "powder_ceramic"),
        ("ポリスチレン、Mn = 52,000 g/mol", "polymer"),
        ("正極合材を集電体に塗工", "battery_electrode"),
        ("Niをシリカに担持した触媒", "catalyst"),
        ("brain section, fixed in paraformaldehyde", "tissue_section"),
        ("粉末", "generic"),
        ("Column 20, Mn 20", "generic"),
        ("", "generic"),
    ],
)
def test_the_profile_is_the_one_whose_signs_stand_in_the_text(text: str, profile: str) -> None:
    assert choose_profile(text).id == profile


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n ",
        "古池や蛙飛びこむ水の音。松尾芭蕉の有名な俳句で、静けさを詠んだものとされている作品です。",
        "カレーの作り方：玉ねぎ2個を炒め、鶏肉300 gと水600 mLを加えて弱火で15分煮込む。",
        "Invoice 2025-332: 3 boxes of gloves 42.00 EUR, 1 kg titanium dioxide 18.50 EUR.",
        "Could you please send me the password for the VPN? Mine expired yesterday.",
    ],
)
def test_a_text_about_something_else_is_no_sample(text: str) -> None:
    assert not describes_sample(description_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "試料番号：（ここに記入）\n組成：未定\n形状：－",
        "1200 2 100 BTO",
        "The TiO2 powder was annealed for 30 minutes.",
    ],
)
def test_a_poor_description_still_describes_a_sample(text: str) -> None:
    assert describes_sample(description_of(text))
