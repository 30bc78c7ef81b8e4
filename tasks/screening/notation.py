"""How people write a phone number (ITU-T E.123, RFC 3966, spreadsheets, vanity words), read as digits.

Strict on purpose: a text is a number from end to end, or it is refused. Nothing is picked out of prose,
repaired or cut off, since one digit too many or too few rings a stranger.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import unquote

import phonenumbers

from tasks.codes import Code
from tasks.errors import JobError
from tasks.screening.characters import legible, without_text_mark
from tasks.screening.extensions import has_extension

_LONGEST_TEXT = 250
_SECOND_DIAL_TONE = re.compile(r"^([0-9]) ?~ ?(?=[0-9])")  # as in 8~10, an international prefix

_NUMBER = re.compile(
    r"""(?:\+[ ]*)?[0-9](?:[ .-]*[0-9])*
    | (?: \(?(?:\+[ ]*)?[0-9(][0-9 .()-]*\)[ .-]*  # brackets only at the start: "(78)" at the end is a remark
        # One slash, only after an area code: elsewhere it starts a second number, or another ending.
        | (?: \+[0-9 ()-]{2,12} | \(?0[0-9]{1,5}\)? | \(?[0-9]{1,3}\)? )[ ]?/[ ]?
      ) [0-9](?:[ .-]*[0-9]){3,}""",
    re.VERBOSE,
)
_VANITY = re.compile(r"(\(?\+?[0-9][0-9 .()-]{2,})([A-Za-z]+(?:-[A-Za-z]+)*)")
# What a spreadsheet makes of a number may have lost its leading zero or its last digits.
_SCIENTIFIC = re.compile(r"\+?[0-9]+([.,][0-9]+)?[eE]\+?[0-9]{1,2}")
_DECIMAL = re.compile(r"\+?[0-9]+\.[0-9]{1,2}")
_GROUP_BEHIND_PLUS = re.compile(r"[(]?[+][ (]*([0-9]+)")


@dataclass(frozen=True, kw_only=True)
class DialString:
    """ASCII digits, behind a "+" if one was written; repr does not show them."""

    digits: str = field(repr=False)
    #: The digits that stand together behind the "+"; empty without one.
    group_behind_plus: str = field(default="", repr=False)
    #: The letters of a vanity number, which `digits` ends with as digits; empty for others.
    word: str = field(default="", repr=False)

    @property
    def before_word(self) -> str:
        return self.digits[: len(self.digits) - len(self.word)]


def read_notation(text: str, *, region: str) -> DialString:
    """Read all of `text` as one number; raises JobError not_a_number or extension_unsupported.

    `region` is where a number without "+" would be dialed, a region that the library knows.
    """
    if len(text) > _LONGEST_TEXT:
        raise JobError(Code.NOT_A_NUMBER, f"The text is longer than {_LONGEST_TEXT} characters.")
    written = _SECOND_DIAL_TONE.sub(r"\1", _without_uri(without_text_mark(legible(text)), region))
    if _SCIENTIFIC.fullmatch(written):
        raise JobError(
            Code.NOT_A_NUMBER,
            "A spreadsheet wrote it in scientific notation, and digits are lost: format the column as text, and "
            "export the numbers again.",
        )
    if _DECIMAL.fullmatch(written):
        raise JobError(Code.NOT_A_NUMBER, "It looks like a spreadsheet's decimal number: make the column text.")
    vanity = _VANITY.fullmatch(written)
    if not vanity and not _NUMBER.fullmatch(written):
        raise _unreadable(written, region)
    digits = re.sub("[^0-9+]", "", phonenumbers.convert_alpha_characters_in_number(written))
    group = _GROUP_BEHIND_PLUS.match(written)
    word = vanity[2].replace("-", "") if vanity else ""
    return DialString(digits=digits, group_behind_plus=group[1] if group else "", word=word)


def _without_uri(text: str, region: str) -> str:
    """Take off "tel:" and RFC 3966 parameters; of the unknown, those in "m-" may not be ignored (5.4)."""
    is_uri = text[:4].lower() == "tel:"
    number, *parameters = text[4 if is_uri else 0 :].split(";")
    number = legible(unquote(number) if is_uri else number)
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
    return JobError(Code.EXTENSION_UNSUPPORTED if has_extension(text, region=region) else Code.NOT_A_NUMBER)
