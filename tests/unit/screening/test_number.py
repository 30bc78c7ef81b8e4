"""A text is dialed as exactly the number it writes, or refused with the code that says why."""

import contextlib
import re
import string
import timeit
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from tasks.codes import Code
from tasks.errors import JobError
from tasks.screening.number import Address, DialingRules, parse_address

ANY = DialingRules()
NEW_YORK = "+12125551234"
LONDON = "+442079460958"
BERLIN = "+49301234567"


def parse(text: str, region: str = "US", rules: DialingRules = ANY) -> Address:
    return parse_address(text, region=region, rules=rules)


def refusal(text: str, region: str = "US", rules: DialingRules = ANY) -> Code:
    with pytest.raises(JobError) as caught:
        parse(text, region, rules)
    return caught.value.code


def test_an_address_knows_its_region() -> None:
    address = parse("(212) 555-1234")
    assert (address.e164, address.region) == (NEW_YORK, "US")


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("+12125551234", "GB", NEW_YORK),
        ("2125551234", "US", NEW_YORK),
        ("12125551234", "US", NEW_YORK),
        ("(212) 555-1234", "US", NEW_YORK),
        ("1 (212) 555-1234", "US", NEW_YORK),
        ("+1 (212) 555-1234", "DE", NEW_YORK),
        ("212.555.1234", "US", NEW_YORK),
        ("212/555-1234", "US", NEW_YORK),
        ("212 - 555 - 1234", "US", NEW_YORK),
        ("212\u00a0555\u20111234", "US", NEW_YORK),
        ("212\u2013555\u22121234", "US", NEW_YORK),
        (" \t+1 212 555 1234\r\n", "US", NEW_YORK),
        # full-width, bidirectional marks, a byte order mark, other scripts' digits
        ("＋１（２１２）５５５－１２３４", "US", NEW_YORK),
        ("２１２　５５５　１２３４", "US", NEW_YORK),
        ("\u202a+1 212 555 1234\u202c", "US", NEW_YORK),
        ("\ufeff+1\u200b212\u00ad5551234\u200f", "US", NEW_YORK),
        ("٢١٢٥٥٥١٢٣٤", "US", NEW_YORK),
        ("२१२५५५१२३४", "US", NEW_YORK),
        # tel:
        ("tel:+1-212-555-1234", "GB", NEW_YORK),
        ("TEL:%2B1%20212%20555%201234", "US", NEW_YORK),
        ("ｔｅｌ：＋12125551234", "US", NEW_YORK),
        ("tel: 212 555 1234", "US", NEW_YORK),
        ("tel:020-7946-0958;phone-context=+44", "US", LONDON),
        ("tel:20-7946-0958;Phone-Context=+44", "US", LONDON),
        ("tel:+12125551234;npdi;cic=+16789;tgrp=x.y", "US", NEW_YORK),
        # prefixes
        ("011 44 20 7946 0958", "US", LONDON),
        ("00 44 20 7946 0958", "DE", LONDON),
        ("010-44-20-7946-0958", "JP", LONDON),
        ("0011 44 20 7946 0958", "AU", LONDON),
        ("810 44 20 7946 0958", "RU", LONDON),
        ("+0044 20 7946 0958", "DE", LONDON),
        ("(0044) 20 7946 0958", "DE", LONDON),
        ("+44 (0)20 7946 0958", "US", LONDON),
        ("(+44) (0)20 7946 0958", "US", LONDON),
        ("030/1234567", "DE", BERLIN),
        ("(030) / 1234567", "DE", BERLIN),
        ("+49 (0)30/123 45 67", "US", BERLIN),
        # vanity
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("+1 800 flowers", "GB", "+18003569377"),
        ("1-800-GO-FEDEX", "US", "+18004633339"),
        ("(888) 555-CALL", "US", "+18885552255"),
        ("0800 FLOWERS", "GB", "+448003569377"),
        # plans with their own ways
        ("06 1234 5678", "IT", "+390612345678"),
        ("+39 06 698 12345", "IT", "+390669812345"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("+54 9 11 2345-6789", "US", "+5491123456789"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("01 23 45 6789", "CI", "+2250123456789"),
        ("0 15 11 96123 4567", "BR", "+5511961234567"),
        ("+290 51234", "US", "+29051234"),
        ("+800 1234 5678", "US", "+80012345678"),
    ],
)
def test_what_people_write_is_read(text: str, region: str, e164: str) -> None:
    assert parse(text, region).e164 == e164


NAN = Code.NOT_A_NUMBER
EXT = Code.EXTENSION_UNSUPPORTED
EMERGENCY = Code.EMERGENCY_NUMBER


@pytest.mark.parametrize(
    ("code", "region", "texts"),
    [
        # nothing, or something else
        (NAN, "US", ["", " ", "+", "()", "n/a", "\u200b", "someone@example.com", "tel:", "callto:2125551234"]),
        (NAN, "US", ["sip:+12125551234@example.com", "tel://+12125551234", "#REF!", "=212-555-1234"]),
        # prose, labels, remarks
        (NAN, "US", ["call 2125551234 now", "phone: 212 555 1234", "2125551234 now", "2125551234 home", "Ext"]),
        (NAN, "US", ["212 555 1234 (home)", "212 555 1234 (2)", "800 for sale", "212 5551 ext", "212 555 1234."]),
        (
            NAN,
            "DE",
            ["030 123456 (78)", "030 123456 (7) 89", "030 12345 Tel", "030 1234 HOME", "0800 1234567 mobile"],
        ),
        # two numbers, or two endings
        (NAN, "US", ["212 555 1234 / 212 555 9876", "2125551234/2125559876", "5551234/5559876"]),
        (NAN, "US", ["212 555 1234 or 212 555 9876", "2125551234\n2125559876", "2125551234\t2125559876"]),
        (NAN, "US", ["2125551234, 2125559876", "2125551234; 2125559876", "+12125551234+12125559876"]),
        (NAN, "US", ["212 555 1234 & 5", "212 555 1234 | 212 555 9876"]),
        (NAN, "DE", ["030 1234567/68", "123456/123457", "030 1234/5678", "0301234/5678", "030 1234567-69/71"]),
        # spreadsheets
        (NAN, "US", ["1.21255512E+10", "1.21255512E10", "1,21255512E+10", "12125551234.0", "+12125551234.00"]),
        (NAN, "US", ["12,125,551,234", "-2125551234", "2125551234,0000000"]),
        # service codes
        (NAN, "US", ["*67 212 555 1234", "*672125551234", "#31#2125551234", "**21*2125551234#", "2125551234#"]),
        (NAN, "US", ["*#06#", "*82 911", "2125551234*5"]),
        # characters that are not what they seem
        (NAN, "US", ["\u202e+12125551234", "+12125551234\x00", "2125551234²", "212555123½", "2125551234①"]),
        (NAN, "US", ["2125551234\u20e3", "212_555_1234", "++12125551234", "00+12125551234", "+1212555123\ud800"]),
        # URIs that are not understood
        (NAN, "US", ["tel:2125551234;m-new=1", "tel:7042;phone-context=example.com", "tel:%252B12125551234"]),
        (NAN, "US", ["tel:5551234;phone-context=+1-212", "tel:+12125551234;phone-context=+1"]),
        (NAN, "US", ["tel:2125551234;phone-context=", "tel:2125551234;phone-context=+999", "tel:+1212555%001234"]),
        (NAN, "US", ["2125551234;home", "tel:2125551234;", "tel:tel:2125551234"]),
        (EXT, "US", ["212-555-1234 x5", "2125551234x5", "212-555-1234 ext. 55", "212-555-1234 extension 55"]),
        (EXT, "US", ["212-555-1234 #7", "2125551234 - 503#", "212-555-1234 ~5", "2125551234 int 5"]),
        (EXT, "US", ["2125551234 доб. 5", "2125551234 anexo 5", "2125551234 ｅｘｔ 5", "2125551234 extensión 5"]),
        (EXT, "US", ["2125551234,123", "2125551234,,123", "2125551234;123", "+12125551234,,123#"]),
        (EXT, "US", ["2125551234p123", "2125551234w123", "2125551234 pp 1#", "2125551234P1"]),
        (EXT, "US", ["+12125551234;ext=5", "2125551234;isub=1", "tel:+12125551234;ext=5", "tel:+12125551234;EXT=5"]),
        (EXT, "US", ["tel:+12125551234;isub=1", "tel:+12125551234;postd=12", "tel:+12125551234%3Bext=5"]),
        (EXT, "US", ["911 ext 5"]),
        (EMERGENCY, "US", ["911", "112", "9 1 1", "９１１", "tel:911", "+1 911", "1 911", "+911", "+44 999"]),
        (EMERGENCY, "US", ["011 911", "0119 11", "011 1 911", "011 44 112", "tel:911;phone-context=+1"]),
        (EMERGENCY, "GB", ["999", "112", "911", "00 44 999", "0 999", "+1911", "001911"]),
        (EMERGENCY, "DE", ["110", "112", "0112", "0049 112", "00112", "+49 110"]),
        (EMERGENCY, "AU", ["000", "0011 000", "106"]),
        (Code.SHORT_CODE, "US", ["411", "311", "20566", "+1 411", "tel:211"]),
        (Code.SHORT_CODE, "FR", ["118500", "3611"]),
        (Code.TOO_SHORT, "US", ["1", "12", "+1", "555-1234", "212 555 123", "+44 20 7946", "tel:555-1234"]),
        (Code.TOO_LONG, "US", ["+1 212 555 1234 5", "212 555 12345", "0044 20 7946 0958", "1 800 MICROSOFT"]),
        (Code.TOO_LONG, "US", ["212 555 1234 212 555 9876", "0" * 250, "9" * 250]),
        (Code.TOO_LONG, "DE", ["0800 123456789012"]),  # valid in Germany, and longer than E.164 allows
        (Code.NOT_DIALABLE, "US", ["+999 123 4567", "000-555-0123", "(123) 555-1234", "+1 155 555 1234"]),
        (Code.NOT_DIALABLE, "US", ["+44 00 7946 0958", "0000000000"]),
        (Code.PREMIUM_RATE, "US", ["1-900-234-5678", "1-900-BEG-LOST", "+44 909 012 3456"]),
    ],
)
def test_what_may_not_be_dialed_is_refused(code: Code, region: str, texts: list[str]) -> None:
    assert {text: refusal(text, region) for text in texts} == dict.fromkeys(texts, code)


@pytest.mark.parametrize("text", ["0800 12345 mobile", "030 1234 office", "030 OFFICE"])
def test_a_label_never_becomes_digits_where_any_length_is_valid(text: str) -> None:
    letters_as_digits = phonenumbers.convert_alpha_characters_in_number(text)
    assert phonenumbers.is_valid_number(phonenumbers.parse(letters_as_digits, "DE"))
    assert refusal(text, "DE") is Code.NOT_A_NUMBER


def test_text_is_capped() -> None:
    assert refusal("+" + "1" * 250) is Code.NOT_A_NUMBER
    assert refusal("\u200b" * 10_000 + NEW_YORK) is Code.NOT_A_NUMBER


def test_premium_rate_is_for_operators_who_say_so() -> None:
    assert parse("1-900-234-5678", rules=DialingRules(allow_premium=True)).e164 == "+19002345678"


@pytest.mark.parametrize(
    ("text", "region", "owner"),
    [
        ("876 210 1234", "US", "JM"),  # looks like home, costs like abroad
        ("242-322-1234", "US", "BS"),
        ("+44 7911 123456", "GB", "GG"),
        ("06 698 12345", "IT", "VA"),
        ("416 555 1234", "US", "CA"),
        ("+800 1234 5678", "US", "001"),
        ("442079460958", "ZZ", "GB"),
    ],
)
def test_a_region_outside_the_list_is_refused(text: str, region: str, owner: str) -> None:
    assert parse(text, region).region == owner
    assert refusal(text, region, DialingRules(allowed_regions=frozenset({region} - {owner, "GG"}))) is (
        Code.REGION_NOT_ALLOWED
    )
    assert parse(text, region, DialingRules(allowed_regions=frozenset({owner}))).region == owner


def test_premium_comes_before_region() -> None:
    rules = DialingRules(allowed_regions=frozenset({"DE"}))
    assert refusal("1-900-234-5678", rules=rules) is Code.PREMIUM_RATE


@pytest.mark.parametrize("region", ["", "us", "XX", "001", "United States", "\x00"])
def test_an_unknown_region_is_a_fault_of_the_job(region: str) -> None:
    assert refusal(NEW_YORK, region) is Code.INVALID_FIELD


FORMATS = [
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
]
PREMIUM = DialingRules(allow_premium=True)


def examples() -> Iterator[tuple[str, PhoneNumber]]:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number and phonenumbers.is_valid_number(number):
                yield region, number


@pytest.mark.parametrize("form", FORMATS)
def test_every_kind_of_number_of_every_region_is_read_as_itself(form: int) -> None:
    for region, number in examples():
        written = phonenumbers.format_number(number, form)
        if (region, form) == ("GA", PhoneNumberFormat.NATIONAL) and written.startswith("06"):
            # Gabon's old mobiles had a zero or none behind the country code, and the same writing at home.
            assert refusal(written, region) is Code.AMBIGUOUS_NUMBER
            continue
        expected = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        assert (region, written, parse(written, region, PREMIUM).e164) == (region, written, expected)


REGIONS = st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS))
SYMBOLS = "0123456789" * 3 + "+ ()-./,;:#*xpw~\u200e\u202e\u00a0\n\x00٣５²"
WORDS = ["tel:", ";ext=", ";phone-context=+", "%2B", "00", "011", "ext", "FLOWERS", "E+", "911", "+1", "+49", "/ "]
PIECES = st.sampled_from([*SYMBOLS, *WORDS])
NEAR_NUMBERS = st.lists(PIECES, max_size=24).map("".join)
DIGITS = st.text(string.digits, min_size=5, max_size=16)
TEXTS = st.one_of(st.text(max_size=300), NEAR_NUMBERS, DIGITS, DIGITS.map("+{}".format))


def outcome(text: str, region: str) -> Address | JobError:
    try:
        return parse(text, region, PREMIUM)
    except JobError as error:
        return error


@given(text=TEXTS, region=REGIONS)
@example(text="+\ud800", region="US")
@settings(max_examples=500, deadline=None, derandomize=True)
def test_any_text_is_an_exact_number_or_a_job_error_that_tells_none(text: str, region: str) -> None:
    address = outcome(text, region)
    if isinstance(address, JobError):
        assert not re.search(r"[0-9]{4}", address.message)
        return
    assert re.fullmatch(r"\+[1-9][0-9]{1,14}", address.e164)
    assert phonenumbers.is_valid_number(phonenumbers.parse(address.e164))
    for again in (address.e164, f"tel:{address.e164}"):
        assert parse(again, "US", PREMIUM) == parse(again, region, PREMIUM) == address


@given(text=TEXTS, region=REGIONS, gap=st.sampled_from(["\u200b", "\u00ad", "\u200f"]))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_invisible_marks_change_nothing(text: str, region: str, gap: str) -> None:
    plain, marked = outcome(text[:100], region), outcome(gap.join(["", *text[:100], ""]), region)
    assert getattr(plain, "code", plain) == getattr(marked, "code", marked)


@given(digits=DIGITS, region=REGIONS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_global_number_is_dialed_the_same_wherever_it_is_read(digits: str, region: str) -> None:
    here, there = outcome(f"+{digits}", region), outcome(f"+{digits}", "US")
    if isinstance(here, Address):
        assert here == there


@pytest.mark.parametrize("text", [NEW_YORK, "(0" * 125, "0)" * 125, "1" + "A-" * 124, "（０" * 80, "1 " * 124])
def test_no_text_takes_long(text: str) -> None:
    def read() -> None:
        with contextlib.suppress(JobError):
            parse(text)

    read()  # loads the region's metadata, once a process
    assert min(timeit.repeat(read, number=10, repeat=5)) / 10 < 0.01
