import pytest

from sandbox.simulator.rate_window import RateStatus, RateWindows
from tests.unit.simulator.conftest import Clock


@pytest.fixture
def windows(clock: Clock) -> RateWindows[str]:
    return RateWindows[str](clock)


def spend(windows: RateWindows[str], key: str = "client", allowed: int = 3) -> RateStatus:
    return windows.spend(key, allowed=allowed, window_s=60.0)


def test_the_window_opens_with_the_first_request_and_not_on_the_minute(
    windows: RateWindows[str], clock: Clock
) -> None:
    assert spend(windows).reset_s == 60
    clock.now += 59.5
    assert spend(windows) == RateStatus(used=2, allowed=3, reset_s=1, admitted=True)
    clock.now += 0.5
    assert spend(windows) == RateStatus(used=1, allowed=3, reset_s=60, admitted=True)


def test_over_the_limit_nothing_is_admitted_and_refused_requests_use_nothing_up(
    windows: RateWindows[str], clock: Clock
) -> None:
    admitted = [spend(windows).admitted for _ in range(5)]
    assert admitted == [True, True, True, False, False]
    clock.now += 30.2
    assert spend(windows) == RateStatus(used=3, allowed=3, reset_s=30, admitted=False)


def test_who_waits_for_the_whole_seconds_told_has_waited_long_enough(windows: RateWindows[str], clock: Clock) -> None:
    for _ in range(3):
        spend(windows)
    clock.now += 10.3
    clock.now += spend(windows).reset_s
    assert spend(windows).admitted


def test_each_key_has_a_budget_of_its_own(windows: RateWindows[str]) -> None:
    for _ in range(3):
        spend(windows, "one")
    assert not spend(windows, "one").admitted
    assert spend(windows, "other").admitted
    assert windows.counts() == {"one": 3, "other": 1}


def test_the_headers_are_whole_numbers(windows: RateWindows[str]) -> None:
    assert spend(windows).headers() == {
        "inin-ratelimit-count": "1",
        "inin-ratelimit-allowed": "3",
        "inin-ratelimit-reset": "60",
    }


def test_no_limit_admits_all_and_says_nothing(windows: RateWindows[str]) -> None:
    readings = [spend(windows, allowed=0) for _ in range(10)]
    assert all(reading.admitted for reading in readings)
    assert readings[-1].headers() == {}
