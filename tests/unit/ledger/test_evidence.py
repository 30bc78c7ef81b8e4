"""When searches that found nothing are enough for a person."""

import pytest

from tasks.ledger.evidence import Look, in_words, is_enough, looks_of

MINUTE = 60.0


def seen(minute: float) -> Look:
    return Look(at=minute * MINUTE, witness="w")


def empty(minute: float) -> Look:
    return Look(at=minute * MINUTE)


def other(minute: float) -> Look:
    return Look(at=minute * MINUTE, other="c")


@pytest.mark.parametrize(
    ("looks", "enough"),
    [
        ([], False),
        ([seen(0)], False),
        ([seen(0), seen(0)], False),
        ([seen(0), seen(1.99)], False),
        ([seen(0), seen(2)], True),
        ([seen(2), seen(0)], True),
        ([seen(0), seen(1), seen(2)], True),
        ([empty(0), seen(5)], False),
        ([empty(0), empty(5)], False),
        ([empty(0), seen(1), empty(2), seen(3)], True),
        ([other(0), seen(1), seen(5)], False),
        ([seen(1), seen(5), other(9)], False),
    ],
)
def test_two_looks_with_a_witness_minutes_apart_and_no_other_call(looks: list[Look], *, enough: bool) -> None:
    assert is_enough(looks) is enough
    assert in_words(looks)[-1].startswith("This is enough" if enough else "This is not enough")


def test_a_look_is_read_as_it_was_written() -> None:
    looks = [Look(at=1_764_556_800.25, witness="w"), Look(at=1_764_556_800.5, other="c"), Look(at=1_764_556_801.0)]
    written = [look.as_json() for look in looks]
    assert looks_of(str(written).replace("'", '"').replace("False", "false")) == looks
    assert looks_of("") == []


def test_the_words_name_the_conversations() -> None:
    first, second, third, _ = in_words([seen(0), other(1), empty(2)])
    assert first == (
        "1970-01-01T00:00:00.000Z: the search did not find the call, and shows a later call of this fleet: "
        "conversation w"
    )
    assert "another call of this job: conversation c" in second
    assert "shows no later call" in third
