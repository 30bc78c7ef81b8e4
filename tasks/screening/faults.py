"""Why digits are no number, in the order in which it is asked.

1. `emergency_number`, also behind a country code, "00", "011" or "0".
2. `short_code`, then `too_short` or `too_long`, then `not_dialable`.
"""

import re
from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, ValidationResult

from tasks.codes import Code

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


def fault_of(digits: str, region: str) -> Code:
    """Say what is wrong with digits, with or without a "+", that are no number as dialed in `region`."""
    number, owners = None, {region}
    try:
        number = phonenumbers.parse(digits, region)
    except NumberParseException as error:
        fault = _PARSE_FAULTS.get(error.error_type, Code.TOO_SHORT)
    else:
        fault = _LENGTH_FAULTS.get(phonenumbers.is_possible_number_with_reason(number), Code.NOT_DIALABLE)
        sharing = phonenumbers.region_codes_for_country_code(number.country_code or 0)
        if region not in sharing:
            owners.update(sharing)
    if any(disguised_emergency(region, owner).fullmatch(digits) for owner in owners):
        return Code.EMERGENCY_NUMBER
    return Code.SHORT_CODE if number and phonenumbers.is_valid_short_number(number) else fault


@cache
def disguised_emergency(region: str, owner: str) -> re.Pattern[str]:
    """Match `owner`'s emergency numbers as dialed in `region`: "+1 911", "011 1 911", "0 112", "011 911"."""
    home, plan = PhoneMetadata.metadata_for_region(region), PhoneMetadata.metadata_for_region(owner)
    short = PhoneMetadata.short_metadata_for_region(owner)
    emergency = "112|911"  # on any mobile phone: 3GPP TS 22.101, clause 10.1.1
    if short and short.emergency and short.emergency.national_number_pattern:
        emergency += f"|{short.emergency.national_number_pattern}"
    abroad = home.international_prefix if home else ""
    country, trunk = (plan.country_code, plan.national_prefix or "") if plan else ("", "")
    return re.compile(rf"\+?(?:{abroad})?(?:{country})?(?:{trunk})?(?:{emergency})")
