"""The rate of a batch: that of the last minutes in which it went on, or none."""

import math

import pytest

from tasks.ledger.minutes import MINUTES, by_minute, measured_rate

MINUTE = 60_000
START = 1_000_000 * MINUTE
#: Half a minute after the beginning of the present minute.
NOW = START + 30_000


def course(*counts: int) -> list[tuple[float, int]]:
    """The last minutes, the present one last; the first outcome is at the beginning of each minute."""
    starts = [START - MINUTE * n for n in reversed(range(len(counts)))]
    found = [(float(start) if count else math.inf, count) for start, count in zip(starts, counts, strict=True)]
    return [*[(math.inf, 0)] * (MINUTES - len(counts)), *found]


@pytest.mark.parametrize(
    ("counts", "per_minute"),
    [
        ((0,), None),
        ((4,), None),  # too few
        ((31,), 60),
        ((60, 31), 60),
        ((60, 0, 31), 60),  # what was before a stop does not count
        ((60, 60, 60, 0), None),  # it stands still
        ((9, 9, 9, 60, 60, 60, 60, 60, 31), 60),  # of the last five full minutes
    ],
)
def test_the_rate_is_that_of_the_last_unbroken_minutes(counts: tuple[int, ...], per_minute: float | None) -> None:
    rate = measured_rate(course(*counts), NOW)
    assert (rate and rate * 60) == pytest.approx(per_minute, abs=1) if per_minute else rate is None


def test_a_minute_that_has_only_begun_need_not_have_an_outcome() -> None:
    rate = measured_rate(course(60, 60, 0), START + 1_000)
    assert rate
    assert rate * 60 == pytest.approx(60, rel=0.05)


def test_a_span_is_measured_from_its_first_outcome() -> None:
    """A worker started, or a pause ended, in the middle of a minute."""
    began = NOW - 12_000
    assert measured_rate([*[(math.inf, 0)] * (MINUTES - 1), (began, 13)], NOW) == pytest.approx(1.0)
    assert measured_rate([*[(math.inf, 0)] * (MINUTES - 1), (NOW - 9_000, 13)], NOW) is None


def test_minutes_that_are_older_than_the_ring_are_not_taken_for_new_ones() -> None:
    minute = START // MINUTE
    counts = {
        f"began{minute % MINUTES}": str(START),
        f"ended{minute % MINUTES}": "7",
        f"began{(minute - 1) % MINUTES}": str(START - MINUTE - MINUTES * MINUTE),
        f"ended{(minute - 1) % MINUTES}": "99",
    }
    found = by_minute(counts, NOW)
    assert len(found) == MINUTES
    assert found[-2:] == [(math.inf, 0), (START, 7)]
    assert sum(count for _, count in found) == 7
