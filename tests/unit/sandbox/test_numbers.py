"""The demo's list of numbers shows every notation and every reason to refuse an address."""

import csv
from collections import Counter
from pathlib import Path

import phonenumbers
import pytest

import sandbox
from tasks.codes import Code
from tasks.errors import JobError
from tasks.screening.number import DialingRules, parse_address

NUMBERS = Path(sandbox.__file__).with_name("numbers.csv")
#: Regions of the list that an operator who fears toll fraud would leave out.
FAR_REGIONS = frozenset({"BS", "CU", "JM", "SO"})
RULES = DialingRules(allowed_regions=frozenset(phonenumbers.SUPPORTED_REGIONS) - FAR_REGIONS | {"001"})
ADDRESS_CODES = {
    Code.NOT_A_NUMBER,
    Code.TOO_SHORT,
    Code.TOO_LONG,
    Code.NOT_DIALABLE,
    Code.AMBIGUOUS_NUMBER,
    Code.EXTENSION_UNSUPPORTED,
    Code.EMERGENCY_NUMBER,
    Code.SHORT_CODE,
    Code.PREMIUM_RATE,
    Code.REGION_NOT_ALLOWED,
}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with NUMBERS.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def outcomes(rows: list[dict[str, str]], rules: DialingRules) -> tuple[list[str], Counter[Code]]:
    accepted, refused = [], Counter[Code]()
    for row in rows:
        try:
            accepted.append(parse_address(row["to"], region=row["region"] or "US", rules=rules).e164)
        except JobError as error:
            refused[error.code] += 1
    return accepted, refused


def test_the_list_has_the_columns_of_a_job_and_an_id_for_each(rows: list[dict[str, str]]) -> None:
    assert list(rows[0]) == ["id", "to", "region"]
    assert len({row["id"] for row in rows}) == len(rows)


def test_good_numbers_are_distinct_and_none_is_a_fault_of_the_simulator(rows: list[dict[str, str]]) -> None:
    accepted, _ = outcomes(rows, RULES)
    assert len(accepted) == len(set(accepted)) == 150
    assert not [e164 for e164 in accepted if e164.startswith("+121255501")]


def test_every_address_code_appears_several_times(rows: list[dict[str, str]]) -> None:
    _, refused = outcomes(rows, RULES)
    assert set(refused) == ADDRESS_CODES
    assert min(refused.values()) >= 4
    assert outcomes(rows, DialingRules())[1] == refused - Counter({Code.REGION_NOT_ALLOWED: len(rows)})
