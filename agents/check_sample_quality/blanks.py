"""Entries that say nothing, and text that is addressed to a checker instead of describing."""

import re

_PLACEHOLDER = re.compile(
    r"""
      ^ [\s\-_.:/|*?()\[\]<>"'、。~・…○]* $
    | ^ (?: <[^>]*> | \[[^\]]*\] | \{[^}]*\} ) $
    | please\ (?:fill|enter) | \b(?:circle|choose|select)\ one\b
    | (?:ここに|こちらに)(?:記入|入力) | 記入してください | (?:どちら|いずれ)かに
    | ^ \(? (?:記入|入力)(?:して(?:ください)?|欄)? \)? $
    | ^ \(? (?: 未定 | 未記入 | 未入力 | 不明 | 同上 | 同左 | 特?に?な[いし] | 無し
        | 該当なし | 記載なし | 空欄 | 後日 | 後で(?:記入)? | 調査中 | 確認中
        | 未測定 | 未実施 | 未確認 ) \)? [。.]? $
    | ^ (?: tb[dac] | n/a | (?-i:NA|na) | none | null | nil | unknown | ditto | same(?:\ as\ above)?
        | see\ above | xx+ | todo | pending | undecided | later | fill\ (?:me\ )?in
        | not\ (?:known|available|recorded|measured|applicable|specified|determined)
        | to\ be\ (?:filled|determined|added|confirmed|measured)(?:\ in)?(?:\ later)? ) [.]? $
    | ^ (?: 例 | e\.?g\.? | ex | example ) [):.、]
    | ^ lorem\ ipsum
    """,
    re.IGNORECASE | re.VERBOSE,
)
_UNITS_ONLY = re.compile(r"(?:[\s×xφ*:()/,_.]|nm|mm|cm|μm|um|m|g|mg|kg|°C|h|min|wt%|at%|%)+")
_NEGATED = re.compile(
    r"""
      (?: 測 | 計 | 量 | 調べ | 確認 | 記録 | 決め | 決まっ | 分か | わか ) [^。]{0,6}
      (?: ていな | ていませ | ておら | らな | りませ | らず )
    | 未測定 | 未計測 | 未確認 | 不明(?:です|。|$)
    | \b not\ (?:yet\ )? (?:been\ )? (?:measured|known|recorded|determined|checked|available) \b
    | \b (?:was|were|is|are)n't\ (?:measured|recorded|known) \b
    | \b (?: unknown | no\ record ) \b
    """,
    re.VERBOSE,
)
_NOTHING_DONE = re.compile(r"(?:なし|無し|none|no|特になし|該当なし)[.。]?", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<script\b.*?(?:</script>|\Z)", re.DOTALL | re.IGNORECASE)
_SENTENCE = re.compile(r"[^。\n.!?]+(?:[.!?](?!\s|$)[^。\n.!?]*)*[。.!?]?")
_INSTRUCTION = re.compile(
    r"""
      (?: 指示 | 命令 | ルール | プロンプト | 規則 ) [^。]{0,12} (?: 無視 | 忘れ | 破棄 | 上書き )
    | 無視し[て、]
    | と(?:して|だけ|のみ)? (?:判定|評価|採点|回答|出力|表示|返答|答え|返し)
      (?: し?てください | せよ | しなさい | なさい | すること | しろ )
    | 採点 | 満点 | あなたは [^。]{0,20} (?: です | AI | 審査 )
    | \b (?: ignore | disregard | forget | override ) \b [^.]{0,40}
      \b (?: instruction | previous | prior | above | rule | prompt | criteria | guideline )
    | \b (?: system | assistant | developer | checker | reviewer | grader ) \ ?
      (?: prompt | message | : | note )
    | \b you\ (?:are|must)\ (?:now|always|only|answer|mark|say|reply|output)
    | \b (?: mark | rate | score | judge | treat | report | classify | flag | consider ) \b
      [^.]{0,60} \b as\ (?:present|sufficient|complete|passed|valid|ok) \b
    | \b (?: rate | score | grade ) \b [^.]{0,40} \b 100 \b
    | \b (?: respond | reply | answer ) \ (?:only\ |just\ )? (?: with | that | " )
    | \b output \ (?: only | just | " )
    | <\|? (?: system | im_start | assistant | inst )
    | \[/?INST\]
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_placeholder(value: str) -> bool:
    """Tell whether a folded entry only holds the place of one: 未定, TBD, `mm × mm`, `例)`."""
    value = value.strip().strip('"').strip()
    return bool(_PLACEHOLDER.search(value) or _UNITS_ONLY.fullmatch(value))


def is_negated(sentence: str) -> bool:
    """Tell whether a folded sentence says that something is not known: 膜厚は測っていません."""
    return _NEGATED.search(sentence) is not None


def says_none(value: str) -> bool:
    """Tell whether an entry is a plain `none`, which answers some questions and not others."""
    return _NOTHING_DONE.fullmatch(value.strip()) is not None


def blank_instructions(text: str) -> str:
    """Replace markup comments and sentences that give orders by spaces; offsets stay."""
    return _SENTENCE.sub(_spaces_for_an_order, _COMMENT.sub(_spaces, text))


def _spaces_for_an_order(sentence: re.Match[str]) -> str:
    return _spaces(sentence) if _INSTRUCTION.search(sentence.group()) else sentence.group()


def _spaces(match: re.Match[str]) -> str:
    return "".join("\n" if char == "\n" else " " for char in match.group())
