"""How long the backlog takes: an estimate where there is a base for one, and no fiction."""

from typing import Any

import pytest

from config.settings import RateLimit
from tasks.fleet.drain import Basis, Drain, Remaining, drain, measured_rate, time_left

LIMIT = RateLimit(count=300, period_s=60)
TICK = 100_000
NOW_MS = TICK * 10_000 + 4_000


def estimate(**changes: Any) -> Drain:
    known: dict[str, Any] = {
        "backlog": 600,
        "limit": LIMIT,
        "rate": None,
        "paused": False,
        "probing": False,
        "works": True,
    }
    return drain(**known | changes)


@pytest.mark.parametrize(
    ("changes", "basis"),
    [
        ({"paused": True}, Basis.PAUSED),
        ({"paused": True, "probing": True, "works": False}, Basis.PAUSED),
        ({"paused": True, "rate": 5.0}, Basis.PAUSED),
        ({"probing": True, "rate": 0.1}, Basis.PROBING),
        ({"works": False}, Basis.NO_WORKER),
        ({"works": False, "rate": 5.0}, Basis.NO_WORKER),
    ],
)
def test_nobody_can_tell(changes: dict[str, Any], basis: Basis) -> None:
    assert estimate(**changes) == Drain(seconds=None, basis=basis)


def test_at_the_pace_unless_a_rate_was_measured() -> None:
    assert estimate().basis is Basis.PACE
    assert estimate().seconds == pytest.approx(600 / 5 * 1.01)
    assert estimate(rate=2.0) == Drain(seconds=300, basis=Basis.RATE)


@pytest.mark.parametrize("works", [True, False])
def test_without_a_backlog_it_takes_no_time(works: bool) -> None:
    assert estimate(backlog=0, works=works).seconds == 0


def sent(*counts: int) -> dict[str, str]:
    """The hash of the pace with these counts in the last spans; the last one is the present span."""
    found: dict[str, str] = {}
    for n, count in enumerate(reversed(counts)):
        tick = TICK - n
        found |= {f"tick{tick % 7}": str(tick), f"sent{tick % 7}": str(count)}
    return found


@pytest.mark.parametrize(
    ("waited_s", "rate"),
    [
        (1, None),  # right after an import, no span is full
        (13, None),
        (14, 5.0),  # one full span; a few requests before the import do not count
        (24, 4.0),
        (10_000, 9 / 6),
    ],
)
def test_the_rate_is_that_of_the_spans_in_which_a_job_waited(waited_s: float, rate: float | None) -> None:
    assert measured_rate(sent(0, 0, 0, 10, 30, 50, 20), NOW_MS, NOW_MS - waited_s * 1000) == rate


def test_without_a_job_that_waits_there_is_no_rate() -> None:
    assert measured_rate(sent(50, 50, 50, 50, 50, 50, 20), NOW_MS, None) is None


def test_a_fleet_that_has_sent_nothing_yet_has_no_rate() -> None:
    """Such as after a pause; `rate used` says that nothing is sent."""
    assert measured_rate({}, NOW_MS, 0) is None
    assert measured_rate(sent(0, 0, 0, 0, 0, 0, 7), NOW_MS, 0) is None
    assert measured_rate({"tick1": str(TICK - 700), "sent1": "50"}, NOW_MS, 0) is None


def left(jobs: Remaining, ahead: int = 0, **changes: Any) -> Drain:
    known: dict[str, Any] = {"limit": LIMIT, "rate": 5.0, "paused": False, "probing": False, "works": True}
    return time_left(jobs, ahead=ahead, **known | changes)


@pytest.mark.parametrize(
    ("jobs", "seconds"),
    [
        (Remaining(due=0), 0),
        (Remaining(due=100), 20),
        # All of them at the same time: that time, and then the queue.
        (Remaining(due=0, later=100, first_later_s=600, last_later_s=600), 620),
        # Spread over an hour: until the last one is due.
        (Remaining(due=10, later=100, first_later_s=600, last_later_s=3600), 3600),
        # The queue is so long that they are in it by then.
        (Remaining(due=10_000, later=100, first_later_s=60, last_later_s=60), 2020),
    ],
)
def test_the_time_left_of_a_batch(jobs: Remaining, seconds: float) -> None:
    assert left(jobs) == Drain(seconds=seconds, basis=Basis.RATE)


def test_jobs_of_others_come_first_unless_the_rate_of_the_batch_was_measured() -> None:
    assert left(Remaining(due=100), ahead=1000).seconds == 20
    found = left(Remaining(due=100), ahead=1000, rate=None)
    assert found.basis is Basis.PACE
    assert found.seconds == pytest.approx(1100 / 5 * 1.01)


@pytest.mark.parametrize(
    ("changes", "basis"),
    [({"paused": True}, Basis.PAUSED), ({"probing": True}, Basis.PROBING), ({"works": False}, Basis.NO_WORKER)],
)
def test_nobody_can_tell_the_time_left(changes: dict[str, Any], basis: Basis) -> None:
    later = Remaining(due=0, later=1, first_later_s=600, last_later_s=600)
    assert left(later, **changes) == left(Remaining(due=1), **changes) == Drain(seconds=None, basis=basis)
