"""The characters of a phone number as people and programs write them, as ASCII digits, spaces, dots and dashes."""

import re
import unicodedata

# Unicode's default ignorable characters and the other format characters that draw nothing: direction marks, zero
# widths, soft hyphens, variation selectors, fillers, tags. Not U+202E, which shows the digits in another order.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202d\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
#: Signs that stand for a plain one. A wave dash is not among the dashes: it writes a range of numbers.
_SIGNS = {
    "-": "\u02d7\u2043\u2212\u2500\u2501\u30fc\uff70",  # minus, hyphen bullet, box lines, katakana long marks
    ".": "\u00b7\u0387\u2022\u2024\u2027\u2219\u22c5\u2e31\u30fb\uff65",  # middle dots and bullets
    " ": "\u2800\u303f",  # blanks that Unicode does not count as spaces
    "+": "\ufe62\u2795\ufb29",
    "(": "[\u3014\u3010\uff3b",
    ")": "]\u3015\u3011\uff3d",
}
_PLAIN = {sign: plain for plain, signs in _SIGNS.items() for sign in signs}
_WAVES = "\u301c\u3030"
# A spreadsheet's ways to say that a cell is text: '+1..., "+1...", ="+1..."
_MARKED_AS_TEXT = re.compile(
    """=?"([^"]*)"|\u201c([^\u201d]*)\u201d|'([^']*)'|['\u2018\u2019\uff07\u02bc`](.*)""", re.DOTALL
)


def legible(text: str) -> str:
    """Write the same with ASCII digits, plain spaces and dashes, and nothing invisible."""
    return "".join(_plain(char) for char in _INVISIBLE.sub("", text).strip())


def without_text_mark(text: str) -> str:
    """Take off what a spreadsheet puts around a number so that it stays a text."""
    match = _MARKED_AS_TEXT.fullmatch(text)
    return next(group for group in match.groups() if group is not None).strip() if match else text


def _plain(char: str) -> str:
    if char in _PLAIN:
        return _PLAIN[char]
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    if kind == "Zs":
        return " "
    if kind == "Pd" and char not in _WAVES:
        return "-"
    # Only full-width forms fold: NFKC as a whole would make a digit of a superscript footnote mark.
    return unicodedata.normalize("NFKC", char) if unicodedata.east_asian_width(char) == "F" else char
