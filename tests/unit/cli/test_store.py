"""What every command does when its settings are wrong or Redis is unavailable."""

from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from config.values import Secret
from sandbox.embedded_redis import EmbeddedRedis
from tasks.errors import LedgerUnavailable
from tests.support.ground import Ground, job
from tests.unit.conftest import Run
from worker.cli.main import COMMANDS
from worker.cli.store import redis_fault


def test_wrong_settings_are_a_line_each_and_2(run: Run) -> None:
    result = run("show", "order-42", DIALER_RATE_LIMIT="fast", DIALER_REDIS_URL="localhost")
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.split()[1] for line in result.stderr.splitlines()] == ["DIALER_REDIS_URL", "DIALER_RATE_LIMIT"]


AWAY = {
    "enqueue": ["+12125551234"],
    "import": ["-"],
    "show": ["a"],
    "list": [],
    "batch": ["b"],
    "cancel": ["a", "b"],
    "retry": ["--batch", "b", "--state", "failed"],
    "export": [],
    "pause": [],
    "resume": [],
    "status": [],
    "healthy": [],
}


def test_every_command_that_needs_redis_is_tried_without() -> None:
    assert set(AWAY) == set(COMMANDS) - {"demo", "worker", "check", "sandbox", "completion"}


@pytest.mark.parametrize("args", [[name, *args] for name, args in AWAY.items()], ids=lambda args: args[0])
def test_redis_away_is_one_line_and_4_without_the_password(run: Run, args: list[str]) -> None:
    url = "redis://dialer:s3cret-word@localhost:1/0"
    result = run(*args, stdin="to\n+12125551234\n", DIALER_REDIS_URL=url)
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.count("\n") == 1
    assert "redis://localhost:1/0 does not answer" in result.stderr
    assert "DIALER_REDIS_URL" in result.stderr
    assert "s3cret-word" not in result.stderr


def test_a_redis_that_can_never_be_used_is_a_wrong_setting(run: Run) -> None:
    with EmbeddedRedis(password="right") as redis:
        result = run("list", DIALER_REDIS_URL=redis.url.replace("right", "wrong"))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "refuses the login" in result.stderr


class TestTheDefaultUrl:
    """Nobody notices a `.env` in another directory, and everything goes to localhost."""

    @pytest.fixture(autouse=True)
    def _nothing_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise LedgerUnavailable("refused") from RedisConnectionError("refused")

        monkeypatch.setattr("tasks.store.client.StoreClient.ping", refuse)

    def test_the_file_that_was_looked_for_is_named(self, run: Run, alone: Path) -> None:
        result = run("show", "a")
        assert result.exit_code == 4
        told = f"This is the default: DIALER_REDIS_URL is not set, and there is no file {alone.resolve() / '.env'}."
        assert told in result.stderr
        assert result.stderr.count("\n") == 1

    @pytest.mark.parametrize("url", ["redis://localhost:6379/0", "redis://localhost:1/0"])
    def test_nothing_is_said_of_a_url_that_was_set(self, run: Run, url: str) -> None:
        assert "default" not in run("show", "a", DIALER_REDIS_URL=url).stderr

    def test_nor_of_one_that_is_no_setting(self, alone: Path) -> None:
        """Such as the one that the demo starts."""
        assert "default" not in redis_fault(Secret("redis://127.0.0.1:6399/0"), LedgerUnavailable("refused"))

    @pytest.mark.parametrize("url", ["redis://localhost:6379/0", "redis://localhost:1/0"])
    def test_nor_of_one_in_a_file(self, run: Run, alone: Path, url: str) -> None:
        (alone / "other").write_text(f"DIALER_REDIS_URL={url}\n")
        assert "default" not in run("--env-file", "other", "show", "a").stderr
        (alone / "other").rename(alone / ".env")
        assert "default" not in run("show", "a").stderr


class TestABatchThatNobodyKnows:
    @pytest.fixture(autouse=True)
    def _batches(self, real_redis: Redis) -> None:
        ground = Ground.over(real_redis)
        ground.ledger.accept([job("a", batch="spring"), job("b", batch="a:b c"), job("c", batch="Été")])

    @pytest.mark.parametrize(
        "args",
        [
            ["cancel", "--batch"],
            ["retry", "--state", "failed", "--batch"],
            ["list", "--batch"],
            ["list", "--state", "placed", "--batch"],
            ["export", "--batch"],
            ["batch"],
        ],
        ids=" ".join,
    )
    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("sprnig", " Did you mean 'spring'?"),
            ("SPRING", " Did you mean 'spring'?"),
            ("a:bc", " Did you mean 'a:b c'?"),
            ("ete", ""),
            ("x\ny", ""),
            ("", ""),
        ],
    )
    def test_it_is_not_found(self, run_here: Run, args: list[str], name: str, hint: str) -> None:
        result = run_here(*args, name)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr.count("\n") == 1
        shown = name.replace("\n", "\\n")
        told = f"Error: no batch '{shown}': no job has this batch, or all its records have expired.{hint}\n"
        assert result.stderr == told

    def test_nothing_was_changed(self, run_here: Run, real_redis: Redis) -> None:
        """Not even by an empty name, such as that of a variable of a shell that is not set."""
        run_here("cancel", "--batch", "")
        run_here("cancel", "--batch", "sprin")
        assert Ground.over(real_redis).records.counts()["open"] == 3
