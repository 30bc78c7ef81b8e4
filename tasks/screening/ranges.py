"""Which numbers are in service: those that the library's metadata knows, and those that the operator trusts."""

import re
from dataclasses import dataclass
from string import digits

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

_LIKENESS = 3  # leading digits that tell premium numbers from others, such as an area code


@dataclass(frozen=True)
class Ranges:
    """`extra` are prefixes in E.164, such as "+1679", whose numbers are trusted if their length is possible."""

    extra: tuple[str, ...] = ()

    def is_number(self, number: PhoneNumber) -> bool:
        return phonenumbers.is_valid_number(number) or self._is_trusted(number)

    def owner(self, number: PhoneNumber) -> str:
        """The region of a number: "001" if no country owns it, the main one of its country code if it is unknown."""
        known = phonenumbers.region_code_for_number(number)
        return known or phonenumbers.region_code_for_country_code(number.country_code or 0)

    def is_premium(self, number: PhoneNumber) -> bool:
        """Whether a call costs a premium rate. A trusted number does if premium numbers begin as it does."""
        if phonenumbers.is_valid_number(number):
            return phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE
        start = phonenumbers.national_significant_number(number)[:_LIKENESS]
        return any(_has_premium(region, start) for region in _regions(number))

    def _is_trusted(self, number: PhoneNumber) -> bool:
        return (
            any(phonenumbers.format_number(number, PhoneNumberFormat.E164).startswith(each) for each in self.extra)
            and phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
            and not any(_is_emergency(number, region) for region in _regions(number))
        )


def _regions(number: PhoneNumber) -> tuple[str, ...]:
    return phonenumbers.region_codes_for_country_code(number.country_code or 0)


def _is_emergency(number: PhoneNumber, region: str) -> bool:
    national = phonenumbers.national_significant_number(number)
    return national in {"112", "911"} or phonenumbers.connects_to_emergency_number(national, region)


def _has_premium(region: str, start: str) -> bool:
    """Whether some premium number of the region begins so: the library's example, or one filled up with a digit."""
    plan = PhoneMetadata.metadata_for_region(region)
    premium = plan and plan.premium_rate
    if not plan or not premium or not premium.national_number_pattern:
        return False
    lengths = premium.possible_length or (plan.general_desc and plan.general_desc.possible_length) or ()
    filled = (start.ljust(length, digit) for length in lengths for digit in digits)
    pattern = re.compile(premium.national_number_pattern)
    return (premium.example_number or "").startswith(start) or any(map(pattern.fullmatch, filled))
