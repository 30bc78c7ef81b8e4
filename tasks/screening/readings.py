"""Every number that a text of digits can be, so that none is guessed.

The text               is read as                                        example, at home in Germany
─────────────────────  ────────────────────────────────────────────────  ─────────────────────────────
"+", then digits       that number, and nothing else                     +49 30 123456
digits, at home        behind the trunk prefix, or without one where     030 123456
                       the region writes and dials none
                       behind an international prefix that it dials      00 44 20 7946 0958
other digits           at home without the trunk prefix                  30 123456
                       without the area code, where there is only one    756 123 in Jersey
                       behind a "+" that was lost                        49 30 123456, 44 20 7946 0958

Nothing here prefers one reading to another, but for the last step: digits that a region writes at home are a number
of that home, although the same digits behind a "+" would be one abroad.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat

_LONGEST_COUNTRY_CODE = 3
_MEXICO = 52

#: Tells whether a number is one that a network knows.
IsNumber = Callable[[PhoneNumber], bool]


@dataclass(frozen=True)
class Readings:
    """The numbers that a text can be, each once."""

    numbers: tuple[PhoneNumber, ...] = field(repr=False)
    #: The text is exactly as its region writes or dials a number.
    at_home: bool = False
    #: The only number is one abroad, and needs a "+" that was not written.
    abroad: bool = False


def readings_behind_plus(digits: str, region: str | None, is_number: IsNumber) -> Readings:
    """Read digits behind a "+" that was written; behind it, an international prefix of the region is left out."""
    found = [*_behind_plus(digits, is_number)]
    if not found and region:
        found = [*_behind_international_prefix(digits, _plan(region), is_number)]
    return Readings(_each_once(found))


def readings_without_region(digits: str, is_number: IsNumber) -> Readings:
    """Read digits of which the producer says that their "+" was lost."""
    return Readings(_each_once(_behind_plus(digits, is_number)))


def readings_at_home(digits: str, region: str, is_number: IsNumber) -> Readings:
    """Read digits without a "+", as dialed in `region`, which the library knows."""
    plan = _plan(region)
    dialed = [*_behind_trunk_prefix(digits, plan, is_number)]
    whole = [*_if_number(_national(plan.country_code, digits), is_number)]
    abroad = [*_behind_international_prefix(digits, plan, is_number)]
    found = _each_once([*dialed, *whole, *abroad])
    if dialed or (whole and _is_written_whole(whole[0], digits, plan)):
        return Readings(found, at_home=True)
    if abroad:  # 990 in Finland may be a prefix, or the beginning of a number whose "+" was lost
        return Readings(_each_once([*found, *_exactly_behind_plus(digits, is_number)]))
    numbers = _each_once([*found, *_completed(digits, plan, is_number), *_behind_plus(digits, is_number)])
    return Readings(numbers, abroad=not found and len(numbers) == 1 and numbers[0].country_code != plan.country_code)


def _plan(region: str) -> PhoneMetadata:
    plan = PhoneMetadata.metadata_for_region(region)
    assert plan  # noqa: S101 - the caller's promise: a region that the library knows
    return plan


def _national(country_code: int | None, digits: str) -> PhoneNumber:
    """The number of these digits behind a country code; leading zeros are digits like any other."""
    zeros = min(len(digits) - len(digits.lstrip("0")), len(digits) - 1)
    return PhoneNumber(
        country_code=country_code,
        national_number=int(digits),
        italian_leading_zero=zeros > 0 or None,
        number_of_leading_zeros=zeros if zeros > 1 else None,
    )


def _behind_plus(digits: str, is_number: IsNumber) -> Iterator[PhoneNumber]:
    """Digits as they are, then without a trunk prefix such as "(0)": the first that is a number."""
    written = chain(_exactly_behind_plus(digits, is_number), _otherwise_behind_plus(digits))
    yield from islice(filter(is_number, written), 1)


def _exactly_behind_plus(digits: str, is_number: IsNumber) -> Iterator[PhoneNumber]:
    if country := _country_code(digits):
        yield from _if_number(_national(int(country), digits[len(country) :]), is_number)


def _otherwise_behind_plus(digits: str) -> Iterator[PhoneNumber]:
    with suppress(NumberParseException):
        yield phonenumbers.parse(f"+{digits}")
    if mobile := re.fullmatch(f"{_MEXICO}1([0-9]{{10}})", digits):  # they had a 1 there until 2019
        yield _national(_MEXICO, mobile[1])


def _country_code(digits: str) -> str:
    """The country code that digits begin with, and more behind it; empty if none."""
    starts = (digits[:length] for length in range(1, min(_LONGEST_COUNTRY_CODE, len(digits) - 1) + 1))
    known = (start for start in starts if int(start) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    return next(known, "") if not digits.startswith("0") else ""


def _behind_international_prefix(digits: str, plan: PhoneMetadata, is_number: IsNumber) -> Iterator[PhoneNumber]:
    """A region may have several prefixes, and one may begin with another: 00 and 001 in Hong Kong."""
    if not plan.international_prefix:
        return
    prefix = re.compile(plan.international_prefix)
    for length in range(1, len(digits)):
        if prefix.fullmatch(digits, 0, length):
            yield from _behind_plus(digits[length:], is_number)


def _behind_trunk_prefix(digits: str, plan: PhoneMetadata, is_number: IsNumber) -> Iterator[PhoneNumber]:
    """Behind the trunk prefix as it is dialed, alone or with a carrier's code or the like."""
    trunk = plan.national_prefix or "0"  # Gabon has none, and writes a zero before some numbers all the same
    if digits.startswith(trunk) and len(digits) > len(trunk):
        number = _national(plan.country_code, digits[len(trunk) :])
        if plan.national_prefix or _written_at_home(number) == digits:
            yield from _if_number(number, is_number)
        yield from _completed(digits, plan, is_number)


def _completed(digits: str, plan: PhoneMetadata, is_number: IsNumber) -> Iterator[PhoneNumber]:
    """What the plan completes: an area code where there is only one, the 9 of mobiles in Argentina."""
    pattern, rule = plan.national_prefix_for_parsing, plan.national_prefix_transform_rule
    match = re.match(pattern, digits) if pattern else None
    if not match:
        return
    completed = match.expand(rule) if rule and match.lastindex and match[match.re.groups] is not None else ""
    if national := completed + digits[match.end() :]:
        yield from _if_number(_national(plan.country_code, national), is_number)


def _is_written_whole(number: PhoneNumber, digits: str, plan: PhoneMetadata) -> bool:
    """Whether the region writes this number without a trunk prefix, as North America does."""
    return not plan.national_prefix or _written_at_home(number) == digits


def _written_at_home(number: PhoneNumber) -> str:
    return phonenumbers.normalize_digits_only(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))


def _if_number(number: PhoneNumber, is_number: IsNumber) -> Iterator[PhoneNumber]:
    if is_number(number):
        yield number


def _each_once(numbers: Iterable[PhoneNumber]) -> tuple[PhoneNumber, ...]:
    return tuple({phonenumbers.format_number(each, PhoneNumberFormat.E164): each for each in numbers}.values())
