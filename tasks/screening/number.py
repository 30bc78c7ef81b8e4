"""The one address that a text stands for and that may be dialed, or the reason why there is none.

The order of the checks, each with its own codes:

1. The writing (`tasks.screening.notation`): `not_a_number`, `extension_unsupported`.
2. The national reading of the default region wins. Bare digits too long for it may have lost their "+".
3. What no reading makes a valid number: `emergency_number`, also behind a country code, "00", "011" or "0";
   then `short_code`, `too_short` or `too_long`, `not_dialable`.
4. What the operator forbids: `premium_rate`, then `region_not_allowed`.
"""

import re
from dataclasses import dataclass, field
from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberType, ValidationResult

from tasks.codes import WORDS, Code
from tasks.errors import JobError
from tasks.screening.notation import DialString, read_notation

_MOST_DIGITS = 15  # ITU-T E.164, with the country code; some plans that the library knows go beyond
_FREE_TYPES = {PhoneNumberType.TOLL_FREE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN}
_PARSE_FAULTS = {
    NumberParseException.INVALID_COUNTRY_CODE: Code.NOT_DIALABLE,
    NumberParseException.TOO_LONG: Code.TOO_LONG,
}
_LENGTH_FAULTS = {
    ValidationResult.TOO_SHORT: Code.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: Code.TOO_SHORT,  # the area code is missing
    ValidationResult.INVALID_LENGTH: Code.TOO_SHORT,
    ValidationResult.TOO_LONG: Code.TOO_LONG,
}


@dataclass(frozen=True, kw_only=True)
class DialingRules:
    """What may be called. `allowed_regions` are ISO 3166 codes and "001"; empty means every region."""

    allowed_regions: frozenset[str] = frozenset()
    allow_premium: bool = False


@dataclass(frozen=True)
class Address:
    """A number that may be dialed: "+12125551234", in "US"; "001" is the region of what no country owns.

    repr does not show the number.
    """

    e164: str = field(repr=False)
    region: str

    @property
    def uri(self) -> str:
        """The form Genesys Cloud takes: "tel:+12125551234"."""
        return f"tel:{self.e164}"


def parse_address(text: str, *, region: str, rules: DialingRules) -> Address:
    """Read `text` as dialed in `region` (ISO 3166). Raises only JobError, and no number in its message."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise JobError(Code.INVALID_FIELD, "The default region is not a known region code.")
    number = _valid_number(read_notation(text, region=region), region)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if len(e164) > len("+") + _MOST_DIGITS:
        raise JobError(Code.TOO_LONG, f"The number has more than {_MOST_DIGITS} digits.")
    owner = phonenumbers.region_code_for_number(number) or "001"
    if phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE and not rules.allow_premium:
        raise JobError(Code.PREMIUM_RATE, f"The number is charged at a premium rate in region {owner}.")
    if rules.allowed_regions and owner not in rules.allowed_regions:
        raise JobError(Code.REGION_NOT_ALLOWED, f"The number belongs to region {owner}, which is not allowed.")
    return Address(e164, owner)


def _valid_number(written: DialString, region: str) -> PhoneNumber:
    if written.word and isinstance(_find(written.before_word, region), PhoneNumber):
        raise JobError(Code.NOT_A_NUMBER, "A word follows the number.")
    found = _find(written.digits, region)
    if found is Code.TOO_LONG and written.bare:
        # A spreadsheet leaves no separators. What is not too long may be a national number, mistyped.
        with_plus = _find(f"+{written.digits}", region)
        found = with_plus if isinstance(with_plus, PhoneNumber) else found
    if isinstance(found, Code):
        count = len(written.digits.removeprefix("+"))
        raise JobError(found, f"{WORDS[found].meaning} Digits: {count}; default region: {region}.")
    if written.word and not _is_vanity(written.word, found):
        raise JobError(Code.NOT_A_NUMBER, "The letters are not the end of a vanity number.")
    return found


def _is_vanity(word: str, number: PhoneNumber) -> bool:
    """Tell a vanity word from a label: outside +1 numbers vary in length, and a label may end a valid one."""
    if len(word) <= len("ext"):
        return False
    before_word = len(phonenumbers.national_significant_number(number)) - len(word)
    is_free = phonenumbers.number_type(number) in _FREE_TYPES
    return number.country_code == 1 or (is_free and before_word <= len("1800"))


def _find(digits: str, region: str) -> PhoneNumber | Code:
    """Look up digits, with or without a "+": the valid number, or the code that says why there is none."""
    number, owners = None, {region}
    try:
        number = phonenumbers.parse(digits, region)
    except NumberParseException as error:
        fault = _PARSE_FAULTS.get(error.error_type, Code.TOO_SHORT)
    else:
        if phonenumbers.is_valid_number(number):
            return number
        fault = _LENGTH_FAULTS.get(phonenumbers.is_possible_number_with_reason(number), Code.NOT_DIALABLE)
        sharing = phonenumbers.region_codes_for_country_code(number.country_code or 0)
        if region not in sharing:
            owners.update(sharing)
    if any(_disguised_emergency(region, owner).fullmatch(digits) for owner in owners):
        return Code.EMERGENCY_NUMBER
    return Code.SHORT_CODE if number and phonenumbers.is_valid_short_number(number) else fault


@cache
def _disguised_emergency(region: str, owner: str) -> re.Pattern[str]:
    """Match `owner`'s emergency numbers as dialed in `region`: "+1 911", "011 1 911", "0 112", "011 911"."""
    home, plan = PhoneMetadata.metadata_for_region(region), PhoneMetadata.metadata_for_region(owner)
    short = PhoneMetadata.short_metadata_for_region(owner)
    emergency = "112|911"  # on any mobile phone: 3GPP TS 22.101, clause 10.1.1
    if short and short.emergency and short.emergency.national_number_pattern:
        emergency += f"|{short.emergency.national_number_pattern}"
    abroad = home.international_prefix if home else ""
    country, trunk = (plan.country_code, plan.national_prefix or "") if plan else ("", "")
    return re.compile(rf"\+?(?:{abroad})?(?:{country})?(?:{trunk})?(?:{emergency})")
