from inference.tesseract_lines import Line, lines_of_tsv

HEADER = (
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
)


def _word(line: int, box: tuple[int, int, int, int], confidence: float, text: str) -> str:
    cells = [5, 1, 1, 1, line, 1, *box, confidence, text]
    return "\t".join(map(str, cells))


def _table(*rows: str) -> str:
    return "\n".join([HEADER, "4\t1\t1\t1\t1\t0\t0\t0\t99\t20\t-1\t", *rows])


def test_the_words_of_a_line_are_joined_and_framed() -> None:
    table = _table(
        _word(1, (10, 5, 40, 12), 90, "stainless"), _word(1, (55, 3, 30, 14), 90, "steel")
    )
    assert lines_of_tsv(table) == [Line("stainless steel", 90.0, (10, 3, 75, 14))]


def test_lines_keep_their_order() -> None:
    box = (0, 0, 1, 1)
    table = _table(_word(1, box, 90, "one"), _word(2, box, 90, "two"))
    assert [line.text for line in lines_of_tsv(table)] == ["one", "two"]


def test_confidence_is_the_mean_over_characters() -> None:
    box = (0, 0, 1, 1)
    table = _table(_word(1, box, 90, "abc"), _word(1, box, 50, "d"))
    assert lines_of_tsv(table)[0].confidence == 80.0


def test_japanese_is_not_spaced_but_devanagari_is() -> None:
    box = (0, 0, 1, 1)
    japanese = _table(_word(1, box, 90, "焼入"), _word(1, box, 90, "れ"), _word(1, box, 90, "850"))
    devanagari = _table(_word(1, box, 90, "अग्निमीळे"), _word(1, box, 90, "पुरोहितं"))
    assert lines_of_tsv(japanese)[0].text == "焼入れ 850"
    assert lines_of_tsv(devanagari)[0].text == "अग्निमीळे पुरोहितं"


def test_blank_words_and_an_empty_page_have_no_lines() -> None:
    assert lines_of_tsv(_table(_word(1, (0, 0, 1, 1), 95, "  "))) == []
    assert lines_of_tsv("") == []
