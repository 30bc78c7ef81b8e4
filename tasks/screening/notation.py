"""How people write a phone number (ITU-T E.123, RFC 3966, spreadsheets, vanity words), read as digits.

Strict on purpose: a text is a number from end to end, or it is refused. Nothing is picked out of prose,
repaired or cut off, since one digit too many or too few rings a stranger.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import unquote

import phonenumbers
from phonenumbers import NumberParseException

from tasks.codes import Code
from tasks.errors import JobError

_LONGEST_TEXT = 250

# Direction marks, zero-width and soft characters; not U+202E, which shows the digits in another order.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202d\u2060-\u2064\u2066-\u206f\ufeff]")
_NUMBER = re.compile(
    r"""\+?[0-9](?:[ .-]*[0-9])*
    | (?: \(?\+?[0-9(][0-9 .()-]*\)[ .-]*  # brackets only at the start: "(78)" at the end is a remark
        # One slash, only after an area code: elsewhere it starts a second number, or another ending.
        | (?: \+[0-9 ()-]{2,12} | \(?0[0-9]{1,5}\)? | \(?[0-9]{1,3}\)? )[ ]?/[ ]?
      ) [0-9](?:[ .-]*[0-9]){3,}""",
    re.VERBOSE,
)
_VANITY = re.compile(r"(\(?\+?[0-9][0-9 .()-]{2,})([A-Za-z]+(?:-[A-Za-z]+)*)")
# What a spreadsheet makes of a number may have lost its leading zero or its last digits.
_DECIMAL = re.compile(r"\+?[0-9]+\.[0-9]{1,2}")
_PAUSE = re.compile(r"(?<=[0-9]) ?[pw]+ ?(?=[0-9])", re.IGNORECASE)
_LONGEST_EXTENSION = 6  # more digits than these behind a number are a second number


@dataclass(frozen=True, kw_only=True)
class DialString:
    """ASCII digits, behind a "+" if one was written; repr does not show them."""

    digits: str = field(repr=False)
    #: Whether nothing but digits was written: no separators, no "+".
    bare: bool
    #: The letters of a vanity number, which `digits` ends with as digits; empty for others.
    word: str = field(repr=False)

    @property
    def before_word(self) -> str:
        return self.digits[: len(self.digits) - len(self.word)]


def read_notation(text: str, *, region: str) -> DialString:
    """Read all of `text` as one number; raises JobError not_a_number or extension_unsupported.

    `region` is where a number without "+" would be dialed, a region that the library knows.
    """
    if len(text) > _LONGEST_TEXT:
        raise JobError(Code.NOT_A_NUMBER, f"The text is longer than {_LONGEST_TEXT} characters.")
    written = _without_uri(_legible(text), region)
    if _DECIMAL.fullmatch(written):
        raise JobError(Code.NOT_A_NUMBER, "It looks like a spreadsheet's decimal number: make the column text.")
    vanity = _VANITY.fullmatch(written)
    if not vanity and not _NUMBER.fullmatch(written):
        raise _unreadable(written, region)
    digits = re.sub("[^0-9+]", "", phonenumbers.convert_alpha_characters_in_number(written))
    return DialString(digits=digits, bare=written.isdecimal(), word=vanity[2].replace("-", "") if vanity else "")


def _legible(text: str) -> str:
    """Write the same with ASCII digits, plain spaces and dashes, and nothing invisible."""
    return "".join(_plain(char) for char in _INVISIBLE.sub("", text).strip())


def _plain(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    if kind == "Zs":
        return " "
    if kind == "Pd" or char in "\u2212\u30fc":  # minus, and the katakana long mark
        return "-"
    # Only full-width forms fold: NFKC as a whole would make a digit of a superscript footnote mark.
    return unicodedata.normalize("NFKC", char) if unicodedata.east_asian_width(char) == "F" else char


def _without_uri(text: str, region: str) -> str:
    """Take off "tel:" and RFC 3966 parameters; of the unknown, those in "m-" may not be ignored (5.4)."""
    is_uri = text[:4].lower() == "tel:"
    number, *parameters = text[4 if is_uri else 0 :].split(";")
    number = _legible(unquote(number) if is_uri else number)
    for parameter in parameters:
        name, _, value = parameter.strip().lower().partition("=")
        if name in {"ext", "isub", "postd"}:
            raise JobError(Code.EXTENSION_UNSUPPORTED)
        if name == "phone-context":
            # A domain, or the prefix of a private network, makes it a number of an office's own system.
            if value not in _country_prefixes():
                raise JobError(Code.NOT_A_NUMBER, "The phone-context is not a country code.")
            number = value + number
        elif not is_uri or name.startswith("m-") or not re.fullmatch(r"[a-z][a-z0-9-]*", name):
            raise _unreadable(text, region)
    return number


@cache
def _country_prefixes() -> frozenset[str]:
    return frozenset(f"+{code}" for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def _unreadable(text: str, region: str) -> JobError:
    """Say what is wrong. The library knows how extensions are written, but not the pauses p and w."""
    try:
        extension = phonenumbers.parse(_PAUSE.sub(",", text), region).extension
    except NumberParseException:
        extension = None
    is_extension = extension and len(extension) <= _LONGEST_EXTENSION
    return JobError(Code.EXTENSION_UNSUPPORTED if is_extension else Code.NOT_A_NUMBER)
