"""A lost zero comes back where it makes a number, and the only one that there is."""

import pytest

from tasks.codes import Code
from tasks.errors import JobError
from tasks.screening.lost_zero import with_leading_zero
from tasks.screening.number import DialingRules

ANY = DialingRules()


@pytest.mark.parametrize(
    ("text", "region", "restored"),
    [
        ("30 123456", "DE", "030123456"),
        ("15123456789", "DE", "015123456789"),
        ("4915123456789", "DE", "04915123456789"),
        ("2079460958", "GB", "02079460958"),
        ("612345678", "FR", "0612345678"),
        ("612345678", "IT", "0612345678"),
        ("123456789", "CI", "0123456789"),
        ("6 1 234 5678", "HU", "0612345678"),
    ],
)
def test_a_lost_zero_is_put_back(text: str, region: str, restored: str) -> None:
    assert with_leading_zero(text, region=region, rules=ANY) == restored


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("030 123456", "DE"),
        ("+49 30 123456", "DE"),
        ("(0)30 123456", "DE"),
        ("2125551234", "US"),
        ("91 12 34 56", "NO"),
        ("30 OFFICE", "DE"),  # letters never become digits here
        ("hello", "DE"),
        ("30 123456", "ZZ"),
        ("30 123456", "UK"),
    ],
)
def test_what_lost_none_stays_as_it_is(text: str, region: str) -> None:
    assert with_leading_zero(text, region=region, rules=ANY) == text


def test_a_number_with_and_without_a_zero_is_nobodys() -> None:
    """In Italy 331 234567 is a mobile, and 0331 234567 a landline."""
    with pytest.raises(JobError) as caught:
        with_leading_zero("331234567", region="IT", rules=ANY)
    assert caught.value.code is Code.AMBIGUOUS_NUMBER
