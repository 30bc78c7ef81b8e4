"""What the benches read from the simulator's record of requests."""

import pytest

from bench.traffic import Visit, asked_in_a_pause, most_in_any, share_of_limit, windows


def admitted(*times: float) -> list[Visit]:
    return [Visit(at, 201) for at in times]


def refused(*times: float) -> list[Visit]:
    return [Visit(at, 429) for at in times]


def burst(at: float, count: int) -> list[Visit]:
    return admitted(*[at] * count)


def test_a_window_opens_with_the_first_request_after_the_last_ones_end() -> None:
    found = windows(admitted(0, 3.9, 4.5, 8.4, 8.5), period_s=4)
    assert [(window.opened_at, window.admitted) for window in found] == [(0, 2), (4.5, 2), (8.5, 1)]


@pytest.mark.parametrize(
    ("asked", "share"),
    [
        pytest.param([v for n in range(6) for v in burst(4.0 * n, 200)], 1.0, id="whole windows at once"),
        pytest.param(admitted(*[n * 0.02 for n in range(1300)]), 1.0, id="evenly"),
        pytest.param(burst(0, 200) + burst(4, 100) + burst(8, 100) + burst(12, 200), 0.5, id="half between"),
        pytest.param(burst(0, 200) + burst(6, 200) + burst(12, 200) + burst(18, 1), 2 / 3, id="late windows"),
        pytest.param(burst(0, 200) + burst(4, 200), None, id="nothing between the first and the last"),
    ],
)
def test_the_share_is_of_whole_windows_between_the_first_and_the_last(
    asked: list[Visit], share: float | None
) -> None:
    found = share_of_limit(asked, allowed=200, period_s=4)
    assert found == (share if share is None else pytest.approx(share, abs=0.001))


def test_refused_requests_are_no_use_of_the_limit() -> None:
    asked = burst(0, 200) + burst(4, 100) + refused(*[5.0] * 500) + burst(8, 1)
    assert share_of_limit(asked, allowed=200, period_s=4) == pytest.approx(0.5)


def test_the_most_in_any_period_is_found_wherever_it_begins() -> None:
    assert most_in_any(admitted(0, 3, 3.5, 4.5, 6.9, 7.1), period_s=4) == 4
    assert most_in_any([], period_s=4) == 0


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        pytest.param(admitted(0, 1, 2), 0, id="no pause"),
        pytest.param(admitted(0) + refused(1), 0, id="who learns of it did not know"),
        pytest.param(admitted(0) + refused(1, 1.5, 3), 2, id="refused again"),
        pytest.param(admitted(0) + refused(1.5) + admitted(4.2), 1, id="Retry-After is 3 s, the window ends sooner"),
        pytest.param(admitted(0) + refused(1) + admitted(4), 0, id="after its end"),
    ],
)
def test_a_pause_lasts_for_the_whole_seconds_of_retry_after(asked: list[Visit], count: int) -> None:
    assert asked_in_a_pause(asked, period_s=4) == count
