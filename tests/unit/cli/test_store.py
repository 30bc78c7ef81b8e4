"""What every command does when its settings are wrong or Redis is unavailable."""

import pytest

from tests.unit.conftest import Run


def test_wrong_settings_are_a_line_each_and_2(run: Run) -> None:
    result = run("show", "order-42", DIALER_RATE_LIMIT="fast", DIALER_REDIS_URL="localhost")
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.split()[1] for line in result.stderr.splitlines()] == ["DIALER_REDIS_URL", "DIALER_RATE_LIMIT"]


@pytest.mark.parametrize("args", [["show", "a"], ["list"], ["enqueue", "+12125551234"], ["import", "-"]])
def test_redis_away_is_one_line_and_1_without_the_password(run: Run, args: list[str]) -> None:
    url = "redis://dialer:s3cret-word@localhost:1/0"
    result = run(*args, stdin="to\n+12125551234\n", DIALER_REDIS_URL=url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "redis://localhost:1/0 does not answer" in result.stderr
    assert "DIALER_REDIS_URL" in result.stderr
    assert "s3cret-word" not in result.stderr
