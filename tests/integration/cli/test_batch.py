"""`dialer batch` beside real workers: the time left; --watch and --wait in a pipe, on a terminal, and interrupted."""

import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from redis import Redis

from config.settings import load
from sandbox.embedded_redis import EmbeddedRedis
from sandbox.simulator.process import Simulator
from tasks.codes import Code, State
from tests.integration.conftest import StartWorker
from tests.support.fleet import ROOT, environment
from tests.support.ground import Ground, job, jobs
from worker.cli.batch_progress import BatchProgress, progress_of

DIALER = [sys.executable, "-m", "worker.cli.main"]
JOBS = 2_000
#: So many of them have no number, and need no slot of the pace.
WRONG = 120
#: So that the jobs take about 25 seconds.
RATE = "80/1s"


@pytest.fixture
def env(redis_url: str, simulator: Simulator) -> dict[str, str]:
    return environment(redis_url, simulator.url)


def start(env: dict[str, str], *args: str, **how: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*DIALER, *args],
        cwd=ROOT,
        env=env,
        text=True,
        # A shell starts what it runs in the background with SIGINT ignored, these tests perhaps too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads yet
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how,
    )


def on_terminal(
    env: dict[str, str], *args: str, until: str = "", then: signal.Signals | None = None
) -> tuple[int, str]:
    """Run a command on a terminal of 80 columns; send it `then` when it has shown `until`."""
    terminal, child = pty.openpty()
    size = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "40"}
    process = start(env | size, *args, stdin=child, stdout=child, stderr=child)
    os.close(child)
    shown = ""
    while True:
        try:
            read = os.read(terminal, 100_000)
        except OSError:  # the other side has been closed
            break
        if not read:
            break
        shown += read.decode(errors="replace")
        if then and until in shown:
            process.send_signal(then)
            then = None
    os.close(terminal)
    return process.wait(10), shown


def pages(shown: str) -> list[str]:
    """What was on the screen, one page after the other, without the control sequences."""
    return [re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", page).replace("\r", "") for page in re.split(r"\x1b\[2J", shown)]


@pytest.mark.timeout(90)
def test_the_time_left_is_within_15_percent_of_the_truth(
    real_redis: Redis, redis_url: str, simulator: Simulator, start_worker: StartWorker
) -> None:
    simulator.behave(latency_s=0.05)
    settings = load(environment(redis_url, simulator.url, DIALER_RATE_LIMIT=RATE), dotenv=None)
    ground = Ground.over(real_redis)
    workers = [start_worker(concurrency=8, DIALER_RATE_LIMIT=RATE) for _ in range(2)]
    numbers = jobs(JOBS - WRONG, batch="spring")
    wrong_ones = [job(f"wrong-{n}", to="abc", batch="spring") for n in range(WRONG)]
    ground.ledger.accept(random.Random(1).sample([*numbers, *wrong_ones], JOBS))
    looks: list[tuple[float, BatchProgress]] = []
    while not looks or not looks[-1][1].tally.over:
        looks.append((time.monotonic(), progress_of(real_redis, settings, "spring")))
        time.sleep(0.25)
    end, last = looks[-1]
    assert (last.tally.states["placed"], last.percent) == (JOBS - WRONG, 100)
    # At the very end, what is left is less than the time between two looks.
    judged = [(at, found) for at, found in looks if end - at > 4]
    wrong = [
        (round(end - at, 1), found.left)
        for at, found in judged
        if found.left.seconds is None or abs(found.left.seconds - (end - at)) > 0.15 * (end - at)
    ]
    assert wrong == []
    assert {str(found.left.basis) for _, found in judged} == {"pace", "rate"}
    assert len(judged) > 30
    assert all(worker.runs for worker in workers)


def test_a_pipe_gets_plain_lines_until_the_batch_is_over(
    env: dict[str, str], real_redis: Redis, start_worker: StartWorker
) -> None:
    ground = Ground.over(real_redis)
    ground.ledger.accept([*jobs(5, batch="b"), job("wrong", to="+1 212-555-0110", batch="b")])
    with start(env, "batch", "b", "--wait") as waiting:
        assert waiting.stdout
        assert waiting.stdout.readline() == "0 of 6 done (0 %), time left: unknown: no worker is running\n"
        start_worker()
        output, errors = waiting.communicate(timeout=30)
    assert waiting.returncode == 1
    assert errors == "Error: 1 jobs were not placed; see: dialer batch b --by-hand\n"
    assert output.endswith("6 of 6 done\n")
    assert "\x1b" not in output
    assert output.isascii()


def test_a_terminal_gets_a_bar_and_the_last_minutes(
    env: dict[str, str], real_redis: Redis, start_worker: StartWorker
) -> None:
    ground = Ground.over(real_redis)
    later = {"DIALER_RATE_LIMIT": "10/1s"}
    ground.ledger.accept(jobs(25, "job-with-a-long-name", batch="b"))
    start_worker(**later)
    code, shown = on_terminal(env | later, "batch", "b", "--wait")
    assert code == 0
    last = pages(shown)[-1]
    assert re.search(r"progress +█{20,} 100 %", last)
    assert re.search(r"minutes .*[▁-█]\| now, at most \d+ a minute", last)
    assert len(pages(shown)) > 2
    lines = [line for page in pages(shown) for line in page.splitlines()]
    assert [line for line in lines if len(line.rstrip()) > 80] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("args", [["batch", "b", "--watch"], ["batch", "b", "--wait"], ["status", "--watch"]])
def test_a_signal_ends_it_cleanly(
    env: dict[str, str], real_redis: Redis, args: list[str], number: signal.Signals
) -> None:
    Ground.over(real_redis).ledger.accept([job("a", batch="b")])
    code, shown = on_terminal(env, *args, until="dialer worker", then=number)
    assert code == 130
    assert re.search(r"Error: (interrupted|stopped waiting; the batch goes on)\.\s*$", shown)
    assert "Traceback" not in shown
    assert "\x1b[?25l" not in shown or shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


@pytest.mark.parametrize("option", ["--watch", "--wait"])
def test_redis_that_goes_away_is_one_line(own_redis: EmbeddedRedis, simulator: Simulator, option: str) -> None:
    env = environment(own_redis.url, simulator.url)
    with Redis.from_url(own_redis.url, decode_responses=True) as client:
        Ground.over(client).ledger.accept([job("a", batch="b")])
    with start(env, "batch", "b", option) as watching:
        assert watching.stdout
        watching.stdout.readline()
        own_redis.kill()
        _, errors = watching.communicate(timeout=30)
    assert watching.returncode == 4
    assert (errors.count("\n"), errors[:7]) == (1, "Error: ")


def test_it_can_be_left_alone_from_a_script(env: dict[str, str], real_redis: Redis) -> None:
    ground = Ground.over(real_redis)
    ground.end(ground.sending(job("a", batch="b")), State.PLACED, Code.PLACED)
    done = subprocess.run(
        ["bash", "-c", f"{' '.join(DIALER)} batch b --wait --json | cat"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert json.loads(done.stdout)["percent"] == 100
