"""What programs and people do to a number on its way is undone; what they write behind it refuses it."""

import pytest

from tasks.codes import Code
from tasks.errors import JobError
from tasks.screening.number import DialingRules, parse_address

LONDON = "+442079460018"


def read(text: str, region: str = "US") -> str:
    try:
        return parse_address(text, region=region, rules=DialingRules()).e164
    except JobError as error:
        return error.code


@pytest.mark.parametrize(
    "text",
    [
        # a space behind the "+"
        "+ 44 20 7946 0018",
        "(+ 44) 20 7946 0018",
        "+\u00a044 20 7946 0018",
        # invisible marks
        "+44\ufe0f20\ufe0f79460018",
        "\u2068+44 20 7946 0018\u2069",
        "+44\u034f2079460018",
        "+44\u115f20\u31647946\uffa00018",
        "\U000e0001+442079460018",
        "\ufff9+44 20 7946 0018\ufffb",
        "+44\u180b2079460018",
        # dots
        "+44·20·7946·0018",
        "+44•20•7946•0018",
        "+44∙20⋅7946‧0018",
        "+44・20・7946・0018",
        "+44･20･7946･0018",
        "+44․20․7946․0018",
        # dashes and blanks
        "+44ｰ20ｰ7946ｰ0018",
        "+44ー20ー7946ー0018",
        "+44−20–7946—0018",
        "+44﹣20⁃7946─0018",
        "+44\u280020\u28007946\u28000018",
        # plus signs and brackets
        "﹢44 20 7946 0018",
        "➕44 20 7946 0018",
        "[+44] 20 7946 0018",
        "【+44】20 7946 0018",
        "+44 〔0〕 20 7946 0018",
        # what a spreadsheet puts around a text
        "'+442079460018",
        "’+44 20 7946 0018",
        "＇+44 20 7946 0018",
        '="+442079460018"',
        '="+44 20 7946 0018"',
        '"+442079460018"',
        "'+442079460018'",
        "“+44 20 7946 0018”",
        "'+44 (0)20 7946 0018",
    ],
    ids=ascii,
)
def test_another_writing_of_the_same_number_is_read(text: str) -> None:
    assert read(text) == LONDON


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("+52 1 55 1234 5678", "US", "+525512345678"),  # mobiles in Mexico, until 2019
        ("+5215512345678", "MX", "+525512345678"),
        ("00 52 1 55 1234 5678", "DE", "+525512345678"),
        ("+52 (1) 33 1234 5678", "US", "+523312345678"),
        ("8~10 44 20 7946 0018", "RU", LONDON),  # with a wait for the second dial tone
        ("8~1044 20 7946 0018", "BY", LONDON),
        ('="030 1234567"', "DE", "+49301234567"),
        ("'030 1234567", "DE", "+49301234567"),
        ("〔03〕1234-5678", "JP", "+81312345678"),
        ("０３ー１２３４ー５６７８", "JP", "+81312345678"),
    ],
    ids=ascii,
)
def test_a_number_is_read_as_its_country_writes_it(text: str, region: str, e164: str) -> None:
    assert read(text, region) == e164


@pytest.mark.parametrize(
    "text",
    [
        "\u202e+442079460018",  # shows the digits in another order
        "=+442079460018",  # a formula
        '=T("+442079460018")',
        '="+442079460018',
        "+44 20 7946 0018〜19",  # a range of numbers
        "+44 20 7946 001²",
        "+44 20 7946 0018'",
        '"+442079460018" "+442079460019"',
        "+ + 44 20 7946 0018",
        "+44，20，7946，0018",
        "+52 1 55 1234 56789",
        "+52 2 55 1234 5678",
        "8~11 44 20 7946 0018",
        "12~10 44 20 7946 0018",
    ],
    ids=ascii,
)
def test_what_may_be_something_else_is_not(text: str) -> None:
    assert read(text) in {Code.NOT_A_NUMBER, Code.TOO_LONG, Code.NOT_DIALABLE}


@pytest.mark.parametrize("dash", ["〜", "〰"])
def test_a_range_of_numbers_is_not_one_number(dash: str) -> None:
    """Where numbers vary in length, its end would be further digits."""
    assert read("030 123456769", "DE") == "+4930123456769"
    assert read(f"030 1234567{dash}69", "DE") == Code.NOT_A_NUMBER


@pytest.mark.parametrize(
    "behind",
    [
        "Durchwahl 12", "DW 12", "Dw. 12", "Nebenstelle 12", "Nst. 12", "Klappe 12", "Kl. 12",
        "poste 12", "p. 12", "interne 12", "ramal 12", "Ramal: 12", "interno 12", "int. 12", "anexo 12",
        "extensão 12",
        "toestel 12", "tst. 12", "anknytning 12", "ankn. 12", "lokal 12", "lok. 12", "alanumero 12", "wew. 12",
        "wewnętrzny 12", "linka 12", "klapka 12", "mellék 12", "dahili 12", "interior 12",
        "доб. 12", "добавочный 12", "вн. 12", "εσωτ. 12", "שלוחה 12", "تحويلة 12", "ต่อ 12",
        "内線12", "内線：12", "內線 12", "内线12", "分機12", "分机 12", "转12", "轉 12", "转接12", "내선 12",
        "máy lẻ 12", "sambungan 12", "pesawat 12", "local 12", "(ext. 12)", "EXT12", "ext#12", "x12",
        ", DW 12", "/ Durchwahl 12",
    ],
    ids=ascii,
)  # fmt: skip
def test_an_extension_in_any_language_refuses_the_number(behind: str) -> None:
    assert read(f"+44 20 7946 0018 {behind}") == read(f"+44 20 7946 0018{behind}") == Code.EXTENSION_UNSUPPORTED


@pytest.mark.parametrize(
    ("region", "meant"),
    [("UK", "GB"), ("EN", "GB"), ("SP", "ES"), ("EL", "GR"), ("JA", "JP"), ("SU", "RU"), ("YU", "RS"), ("CS", "CZ")],
)
def test_a_region_that_is_no_code_names_the_one_that_was_meant(region: str, meant: str) -> None:
    with pytest.raises(JobError, match=f"did you mean {meant}\\?") as caught:
        parse_address("020 7946 0018", region=region, rules=DialingRules())
    assert caught.value.code is Code.INVALID_FIELD
