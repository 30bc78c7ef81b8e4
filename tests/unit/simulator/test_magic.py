import phonenumbers
import pytest

from sandbox.simulator.faults import FAULTS
from sandbox.simulator.magic import MAGIC


@pytest.mark.parametrize("number", [f"+12125550{last}" for last in range(100, 200)])
def test_every_number_of_the_block_passes_libphonenumber(number: str) -> None:
    """Else Dialer's own checks would stop it before it gets here."""
    parsed = phonenumbers.parse(number)
    assert phonenumbers.is_valid_number(parsed)
    assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number


def test_magic_numbers_stay_in_the_block_that_is_reserved_for_them() -> None:
    assert all("+12125550100" <= number <= "+12125550199" for number in MAGIC)


def test_every_magic_fault_exists_and_every_fault_has_a_number() -> None:
    used = {magic.fault for magic in MAGIC.values() if magic.fault}
    assert used == set(FAULTS)


def test_no_two_numbers_do_the_same() -> None:
    assert len(set(MAGIC.values())) == len(MAGIC)


def test_a_fault_that_rings_is_named_so_where_its_like_does_not_ring() -> None:
    for name, fault in FAULTS.items():
        if name.endswith("_rings"):
            silent = FAULTS[name.removesuffix("_rings")]
            assert fault.rings
            assert not silent.rings
            assert fault.sees == silent.sees
