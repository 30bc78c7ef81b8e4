"""Phone numbers of every region, and the ways in which people write them: for the bench and for the tests.

The numbers are the examples of the library, and others that it takes for valid fixed or mobile ones, at random.
"""

import random
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

REGIONS: Final = tuple(sorted(phonenumbers.SUPPORTED_REGIONS))
_KINDS: Final = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
_COUNTED: Final = {*_KINDS, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_TRIES: Final = 400


class Writing(StrEnum):
    """How a number is written."""

    NATIONAL = "national"
    INTERNATIONAL = "international"
    E164 = "E.164"
    DIALED = "with the international prefix of home"
    PLUSLESS = "E.164 without '+'"
    TRUNKLESS = "national without trunk prefix"


#: Nobody abroad can read the other two: they say nothing of the country.
OF_FOREIGN: Final = (Writing.INTERNATIONAL, Writing.E164, Writing.DIALED, Writing.PLUSLESS)
OF_OWN: Final = tuple(writing for writing in Writing if writing is not Writing.DIALED)


class Written(NamedTuple):
    """A text that somebody at home in `home` has, and the number that it means."""

    text: str
    home: str
    meant: str
    writing: Writing
    own: bool


def numbers_of(region: str, count: int, dice: random.Random) -> list[PhoneNumber]:
    """Up to `count` numbers of a region, its examples first."""
    examples = [phonenumbers.example_number_for_type(region, kind) for kind in _KINDS]
    found = {e164(number): number for number in examples if number and _counts(number, region)}
    for _ in range(_TRIES * count):
        if len(found) >= count or not found:
            break
        number = _altered(dice.choice([*found.values()][: len(_KINDS)]), dice)
        if _counts(number, region):
            found[e164(number)] = number
    return [*found.values()][:count]


def e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def written(number: PhoneNumber, home: str, *, own: bool) -> Iterator[Written]:
    """Each way to write a number, for somebody at home in `home`."""
    for writing in OF_OWN if own else OF_FOREIGN:
        yield Written(_text(number, home, writing), home, e164(number), writing, own)


def is_written_at_home(text: str, home: str, dialed: str) -> bool:
    """Whether this is exactly how `home` writes or dials the number: then nobody could tell that another is meant."""
    number = phonenumbers.parse(dialed)
    plan = PhoneMetadata.metadata_for_region(home)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    trunk = (plan and plan.national_prefix) or ""
    at_home = {phonenumbers.normalize_digits_only(national), trunk + phonenumbers.national_significant_number(number)}
    return bool(plan) and number.country_code == phonenumbers.country_code_for_region(home) and text in at_home


def _text(number: PhoneNumber, home: str, writing: Writing) -> str:
    match writing:
        case Writing.NATIONAL:
            return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        case Writing.INTERNATIONAL:
            return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        case Writing.E164:
            return e164(number)
        case Writing.DIALED:
            return phonenumbers.format_out_of_country_calling_number(number, home)
        case Writing.PLUSLESS:
            return e164(number).removeprefix("+")
        case Writing.TRUNKLESS:
            return phonenumbers.national_significant_number(number)


def _counts(number: PhoneNumber, region: str) -> bool:
    return phonenumbers.is_valid_number_for_region(number, region) and phonenumbers.number_type(number) in _COUNTED


def _altered(number: PhoneNumber, dice: random.Random) -> PhoneNumber:
    """Other digits at the end, some or all, and now and then one more or one less."""
    national = phonenumbers.national_significant_number(number)
    kept = national[: dice.choice([0, 0, 1, 2, dice.randrange(len(national))])]
    length = len(national) + dice.choice([0, 0, 0, 1, -1])
    digits = kept + "".join(dice.choices("0123456789", k=length - len(kept)))
    return phonenumbers.parse(f"+{number.country_code}{digits}")
