"""The one address that a text stands for and that may be dialed, or the reason why there is none.

The order of the checks, each with its own codes:

1. The writing (`tasks.screening.notation`): `not_a_number`, `extension_unsupported`.
2. The numbers that the text can be (`tasks.screening.readings`): with more than one, or with one abroad whose "+"
   was not written, it is `ambiguous_number`.
3. What is no number (`tasks.screening.faults`).
4. What the operator forbids: `premium_rate`, then `region_not_allowed`.
"""

from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from config.regions import did_you_mean
from tasks.codes import WORDS, Code
from tasks.errors import JobError
from tasks.screening.faults import fault_of
from tasks.screening.notation import DialString, read_notation
from tasks.screening.ranges import Ranges
from tasks.screening.readings import Readings, readings_at_home, readings_behind_plus, readings_without_region

#: The region of a job whose numbers are international and have lost their "+".
NO_REGION = "ZZ"
_MOST_DIGITS = 15  # ITU-T E.164, with the country code; some plans that the library knows go beyond
_MOST_DIALED = 40  # with prefixes, and more than any plan has; what is longer only takes time
_FREE_TYPES = {PhoneNumberType.TOLL_FREE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN}


@dataclass(frozen=True, kw_only=True)
class DialingRules:
    """What may be called. `allowed_regions` are ISO 3166 codes and "001"; empty means every region."""

    allowed_regions: frozenset[str] = frozenset()
    allow_premium: bool = False
    #: Prefixes in E.164 whose numbers are trusted although the metadata does not know them.
    extra_ranges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Address:
    """A number that may be dialed: "+12125551234", in "US"; "001" is the region of what no country owns.

    repr does not show the number.
    """

    e164: str = field(repr=False)
    region: str


def parse_address(text: str, *, region: str, rules: DialingRules) -> Address:
    """Read `text` as dialed in `region` (ISO 3166, or "ZZ"). Raises only JobError, and no number in its message."""
    if region != NO_REGION and region not in phonenumbers.SUPPORTED_REGIONS:
        raise JobError(Code.INVALID_FIELD, f"The region is not a known region code{did_you_mean(region)}.")
    ranges = Ranges(rules.extra_ranges)
    number = _the_number(read_notation(text, region=region), region, ranges)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if len(e164) > len("+") + _MOST_DIGITS:
        raise JobError(Code.TOO_LONG, f"The number has more than {_MOST_DIGITS} digits.")
    owner = ranges.owner(number)
    if ranges.is_premium(number) and not rules.allow_premium:
        raise JobError(Code.PREMIUM_RATE, f"The number is charged at a premium rate in region {owner}.")
    if rules.allowed_regions and owner not in rules.allowed_regions:
        raise JobError(Code.REGION_NOT_ALLOWED, f"The number belongs to region {owner}, which is not allowed.")
    return Address(e164, owner)


def _the_number(written: DialString, region: str, ranges: Ranges) -> PhoneNumber:
    if written.word and _readings(written.before_word, region, ranges).numbers:
        raise JobError(Code.NOT_A_NUMBER, "A word follows the number.")
    found = _readings(written.digits, region, ranges)
    if not found.numbers:
        fault = fault_of(written.digits, region)
        count = len(written.digits.removeprefix("+"))
        raise JobError(fault, f"{WORDS[fault].meaning} Digits: {count}; default region: {region}.")
    if found.abroad or len(found.numbers) > 1:
        raise _ambiguous(found, ranges)
    (number,) = found.numbers
    if written.word and not _is_vanity(written.word, number):
        raise JobError(Code.NOT_A_NUMBER, "The letters are not the end of a vanity number.")
    _check_country_code(written, number, ranges)
    return number


def _readings(digits: str, region: str, ranges: Ranges) -> Readings:
    if len(digits) > _MOST_DIALED:
        return Readings(())
    if digits.startswith("+"):
        home = None if region == NO_REGION else region
        return readings_behind_plus(digits[1:], home, ranges.is_number)
    if region == NO_REGION:
        return readings_without_region(digits, ranges.is_number)
    return readings_at_home(digits, region, ranges.is_number)


def _ambiguous(found: Readings, ranges: Ranges) -> JobError:
    owners = sorted({ranges.owner(number) for number in found.numbers})
    if found.abroad:
        told = f'Only behind a "+" would it be a number, one of {owners[0]}.'
    elif len(owners) == 1:
        told = f"It can be {len(found.numbers)} numbers of {owners[0]}."
    else:
        told = f"It can be a number of {' or of '.join(owners)}."
    return JobError(Code.AMBIGUOUS_NUMBER, told)


def _check_country_code(written: DialString, number: PhoneNumber, ranges: Ranges) -> None:
    """Refuse "+8 (495) 123-45-67": the writer put the "+" before a trunk prefix, and did not mean Vietnam.

    What leads to the same number is fine: "+2 010 0123 4567" is a common way in Egypt to write +20 and 010.
    """
    group = written.group_behind_plus
    if not group or len(group) >= len(str(number.country_code)) or group[0] == "0":
        return
    owner = ranges.owner(number)
    rest = written.digits.removeprefix("+").removeprefix(group)
    at_home = owner in phonenumbers.SUPPORTED_REGIONS and readings_at_home(rest, owner, ranges.is_number).numbers
    if at_home == (number,):
        return
    told = f'The digits next to the "+" are no country code; with the others it would be a number of {owner}.'
    raise JobError(Code.AMBIGUOUS_NUMBER, told)


def _is_vanity(word: str, number: PhoneNumber) -> bool:
    """Tell a vanity word from a label: outside +1 numbers vary in length, and a label may end a valid one."""
    if len(word) <= len("ext"):
        return False
    before_word = len(phonenumbers.national_significant_number(number)) - len(word)
    is_free = phonenumbers.number_type(number) in _FREE_TYPES
    return number.country_code == 1 or (is_free and before_word <= len("1800"))
