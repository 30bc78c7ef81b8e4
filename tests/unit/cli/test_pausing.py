"""`dialer pause` and `dialer resume`."""

import pytest
from redis import Redis

from tasks.fleet.pause import Pause, PauseReason
from tests.support.ground import Ground
from tests.unit.conftest import Run


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


def test_an_operator_pauses_and_resumes(run_here: Run, ground: Ground) -> None:
    assert run_here("pause", "--reason", "wrong list").exit_code == 0
    (entry,) = Pause(ground.redis).entries()
    assert (entry.reason, entry.message, entry.until) == (PauseReason.OPERATOR, "wrong list", None)
    result = run_here("resume")
    assert (result.exit_code, result.stdout) == (0, "Resumed.\n")
    assert run_here("resume").stdout == "There was no such pause.\n"


def test_a_second_pause_replaces_the_first_and_says_so(run_here: Run, ground: Ground) -> None:
    first = run_here("pause", "--reason", "wrong list")
    assert first.stdout == "Paused. Run 'dialer resume' to resume sending.\n"
    assert run_here("pause", "--for", "10s", "--reason", "lunch").stdout.splitlines() == [
        "Paused for 0:00:10. Run 'dialer resume' to resume sending.",
        "This replaces the pause until it is ended: wrong list",
    ]
    assert "This replaces the pause for another 0:00:" in run_here("pause", "--reason", "dinner").stdout
    (entry,) = Pause(ground.redis).entries()
    assert (entry.message, entry.until) == ("dinner", None)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400)])
def test_a_pause_may_end_by_itself(run_here: Run, ground: Ground, text: str, seconds: int) -> None:
    run_here("pause", "--for", text)
    (entry,) = Pause(ground.redis).entries()
    assert entry.until
    assert (entry.until - entry.since).total_seconds() == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize("text", ["", "5", "h", "-1h", "1.5h", "0m", "²h", "1 h"])
def test_a_time_that_is_none(run_here: Run, text: str) -> None:
    result = run_here("pause", "--for", text)
    assert result.exit_code == 2
    assert "such as 15m" in result.stderr


def test_resume_leaves_what_is_not_an_operators(run_here: Run, ground: Ground) -> None:
    pause = Pause(ground.redis)
    pause.begin(PauseReason.OUTAGE, "no answer", for_s=60)
    result = run_here("resume")
    assert "Still paused: outage: no answer" in result.stderr
    assert run_here("resume", "--all").stdout == "Resumed.\n"
    assert pause.entries() == []
