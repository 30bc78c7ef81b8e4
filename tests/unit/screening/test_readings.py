"""Digits that can be two numbers are read as none, in every region and however a number is written."""

import csv
import random
from collections import Counter
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import settings
from phonenumbers import PhoneNumber

from bench.written import REGIONS, Writing, Written, is_written_at_home, numbers_of, written
from tasks.codes import Code
from tasks.errors import JobError
from tasks.screening.number import DialingRules, parse_address

SAMPLES = Path(__file__).parents[2] / "samples"
REPORTED = list(csv.DictReader((SAMPLES / "plusless.csv").read_text().splitlines()))
RULES = DialingRules(allow_premium=True)
AMBIGUOUS = Code.AMBIGUOUS_NUMBER
THOROUGH = settings.get_current_profile_name() == "thorough"
#: Every region is a home; so many numbers of it, and of so many others, are read there.
NUMBERS = 8 if THOROUGH else 3
FOREIGN_REGIONS = 100 if THOROUGH else 6


def read(text: str, region: str, rules: DialingRules = RULES) -> str:
    """The number in E.164, or the code of the refusal."""
    try:
        return parse_address(text, region=region, rules=rules).e164
    except JobError as error:
        return error.code


def told(text: str, region: str) -> str:
    with pytest.raises(JobError) as caught:
        parse_address(text, region=region, rules=RULES)
    assert caught.value.code is AMBIGUOUS
    return caught.value.message


@pytest.mark.parametrize("row", REPORTED, ids=lambda row: row["text"])
def test_a_reported_text_is_the_number_that_was_meant_or_none(row: dict[str, str]) -> None:
    number, _, or_refuse = row["right"].partition(" or ")
    got = read(row["text"], row["region"])
    assert got == number or (got == AMBIGUOUS and "refuse" in {number, or_refuse})


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        # as dialed at home, whatever the digits would be abroad
        ("84951234567", "RU", "+74951234567"),
        ("4755550123", "US", "+14755550123"),
        ("11 96123-4567", "BR", "+5511961234567"),
        ("06 1 234 5678", "HU", "+3612345678"),
        ("8 029 491 19 11", "BY", "+375294911911"),
        ("91 12 34 56", "NO", "+4791123456"),
        # behind an international prefix of this very region
        ("119 44 20 7946 0958", "CU", "+442079460958"),
        ("00 1 212 555 1234", "HK", "+12125551234"),
        ("001 1 212 555 1234", "HK", "+12125551234"),
        ("990 44 20 7946 0958", "FI", "+442079460958"),
        ("0011 44 20 7946 0958", "AU", "+442079460958"),
        # one reading
        ("33 6 12 34 56 78", "FR", "+33612345678"),
        ("6 12 34 56 78", "FR", "+33612345678"),
        ("44 (0)20 7946 0958", "GB", "+442079460958"),
        ("20 7946 0958", "GB", "+442079460958"),
        ("9161234567", "RU", "+79161234567"),
        ("521 55 1234 5678", "MX", "+525512345678"),
        # without the area code, where there is only one
        ("322-1234", "BS", "+12423221234"),
        ("756 123", "JE", "+441534756123"),
    ],
)
def test_what_has_one_reading_is_that_number(text: str, region: str, e164: str) -> None:
    assert read(text, region) == e164


@pytest.mark.parametrize(
    ("text", "region", "message"),
    [
        ("33612345678", "DE", "It can be a number of DE or of FR."),
        ("15123456789", "DE", "It can be a number of DE or of US."),
        ("4915123456789", "DE", "It can be 2 numbers of DE."),
        ("6581234567", "IN", "It can be a number of IN or of SG."),
        # an international prefix of Finland, or of Chad, and the beginning of a number without its "+"
        ("994468299716", "FI", "It can be a number of AZ or of SE."),
        ("16497121234", "TD", "It can be a number of DE or of TC."),
        # the prefixes 00 and 009 of Hong Kong
        ("00 93 23 456 7890", "HK", "It can be a number of AF or of BE."),
        # Gabon writes 6031234 and 06031234 alike
        ("06 03 12 34", "GA", "It can be 2 numbers of GA."),
        ("442079460958", "US", 'Only behind a "+" would it be a number, one of GB.'),
        ("44 20 7946 0958", "US", 'Only behind a "+" would it be a number, one of GB.'),
        ("84951234567", "US", 'Only behind a "+" would it be a number, one of VN.'),
        ("84951234567", "FR", 'Only behind a "+" would it be a number, one of VN.'),
        ("6591234567", "US", 'Only behind a "+" would it be a number, one of SG.'),
        ("298201234", "US", 'Only behind a "+" would it be a number, one of FO.'),
        ("80012345678", "US", 'Only behind a "+" would it be a number, one of 001.'),
    ],
)
def test_a_refusal_names_the_countries(text: str, region: str, message: str) -> None:
    assert told(text, region) == message


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("+8 (495) 123-45-67", "RU"),
        ("+8 495 123-45-67", "US"),
        ("+8(495)1234567", "KZ"),
        ("(+8) 495 123 45 67", "RU"),
        ("+ 8 495 123 45 67", "RU"),
        ("+8-495-123-45-67", "BY"),
        ("+8 499 123 45 67", "RU"),
        ("+8 10 44 20 7946 0958", "RU"),
        ("+8 (801) 234-56-78-90", "BY"),
        ("+4 420 7946 0958", "GB"),
    ],
)
def test_a_plus_before_a_trunk_prefix_is_no_country_code(text: str, region: str) -> None:
    assert read(text, region) in {AMBIGUOUS, Code.NOT_DIALABLE, Code.TOO_LONG}


@pytest.mark.parametrize("text", ["+030 1234567", "+0 30 1234567", "+0 (30) 1234567", "(+0)30 1234567"])
def test_a_plus_before_a_national_number_makes_none(text: str) -> None:
    assert read(text, "DE") == Code.NOT_DIALABLE


@pytest.mark.parametrize("text", ["+2 010 0123 4567", "+2 (010) 01234567", "+201001234567", "+20 10 0123 4567"])
def test_a_country_code_that_ends_with_the_trunk_prefix_may_be_split(text: str) -> None:
    """As in Egypt: +20 and 10 are written as +2 and 010."""
    assert read(text, "US") == "+201001234567"


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("442079460958", "+442079460958"),
        ("44 20 7946 0958", "+442079460958"),
        ("44 (0)20 7946 0958", "+442079460958"),
        ("4755550123", "+4755550123"),
        ("84951234567", "+84951234567"),
        ("+442079460958", "+442079460958"),
        ("tel:+44-20-7946-0958", "+442079460958"),
        ("521 55 1234 5678", "+525512345678"),
        ("020 7946 0958", Code.NOT_DIALABLE),
        ("00442079460958", Code.NOT_DIALABLE),
        ("+00442079460958", Code.NOT_DIALABLE),
        ("(212) 555-1234", Code.NOT_DIALABLE),
        ("911", Code.EMERGENCY_NUMBER),
        ("+1 911", Code.EMERGENCY_NUMBER),
        ("hello", Code.NOT_A_NUMBER),
        ("442079460958 ext 5", Code.EXTENSION_UNSUPPORTED),
        ("1 800 FLOWERS", "+18003569377"),
    ],
)
def test_the_region_zz_says_that_the_plus_was_lost(text: str, e164: str) -> None:
    assert read(text, "ZZ") == e164


class TestExtraRanges:
    """`DIALER_EXTRA_RANGES`: what the operator knows to be in service."""

    RULES = DialingRules(extra_ranges=("+1679", "+1900", "+1911", "+4932"))

    @pytest.mark.parametrize("text", ["+1 679 555 1234", "(679) 555-1234", "1-679-555-1234", "0016795551234"])
    def test_a_number_is_trusted_however_it_is_written(self, text: str) -> None:
        region = "DE" if text.startswith("00") else "US"
        assert read(text, region) in {Code.NOT_DIALABLE, AMBIGUOUS}
        assert read(text, region, self.RULES) == "+16795551234"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("+1 679 555 123", Code.TOO_SHORT),
            ("+1 679 555 12345", Code.TOO_LONG),
            ("+1 678 055 1234", Code.NOT_DIALABLE),
            ("+1 900 055 1234", Code.PREMIUM_RATE),
            ("+1 911 555 1234", Code.NOT_DIALABLE),
            ("911", Code.EMERGENCY_NUMBER),
            ("+1 911", Code.EMERGENCY_NUMBER),
        ],
    )
    def test_every_other_rule_binds(self, text: str, code: Code) -> None:
        assert read(text, "US", self.RULES) == code

    def test_it_belongs_to_the_main_country_of_its_code(self) -> None:
        assert parse_address("+16795551234", region="DE", rules=self.RULES).region == "US"
        barred = DialingRules(extra_ranges=("+1679",), allowed_regions=frozenset({"CA"}))
        assert read("+16795551234", "CA", barred) == Code.REGION_NOT_ALLOWED

    def test_a_trusted_reading_is_one_more(self) -> None:
        """+49 32 is not in service for the library: what is one number without the range is two with it."""
        text = "3212345678"
        assert read(text, "DE", self.RULES) == AMBIGUOUS


# Every region, each way to write a number


def sample(home: str) -> list[Written]:
    """Numbers of a region and of others, as somebody at home there may have them; the same in every run."""
    dice = random.Random(home)
    found = [each for number in numbers_of(home, NUMBERS, dice) for each in written(number, home, own=True)]
    for region in dice.sample(REGIONS, FOREIGN_REGIONS):
        for number in numbers_of(region, NUMBERS, dice):
            if not _is_of(number, home):
                found += written(number, home, own=False)
    return found


def _is_of(number: PhoneNumber, home: str) -> bool:
    return number.country_code == phonenumbers.country_code_for_region(home)


@pytest.mark.parametrize("part", range(8))
def test_no_number_is_taken_for_another(part: int) -> None:
    """Exactly what a region writes at home is a number of that home; nothing else is ever a wrong one."""
    wrong: list[tuple[Written, str]] = []
    asked = 0
    refused: Counter[Writing] = Counter()
    for home in REGIONS[part::8]:
        for each in sample(home):
            asked += 1
            got = read(each.text, home)
            if got == AMBIGUOUS:
                refused[each.writing] += 1
            elif got != each.meant and not (
                each.writing is Writing.PLUSLESS and not each.own and is_written_at_home(each.text, home, got)
            ):
                wrong.append((each, got))
    assert wrong == []
    assert refused[Writing.E164] == refused[Writing.INTERNATIONAL] == 0
    # Hong Kong has the prefixes 00, 001 and 009, and Gabon wrote one number in two ways.
    assert refused[Writing.NATIONAL] + refused[Writing.DIALED] <= asked // 200


@pytest.mark.parametrize("region", REGIONS)
def test_a_number_that_lost_its_plus_is_found_where_the_producer_says_so(region: str) -> None:
    for number in numbers_of(region, 2, random.Random(region)):
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        assert read(e164[1:], "ZZ") == e164
