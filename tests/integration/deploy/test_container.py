"""What is different in a container: the first process of all, and a user and group without names."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from sandbox.simulator.process import Simulator
from tasks.store import keys
from tests.support.deploy_files import image_says
from tests.support.fleet import ROOT, environment, wait_for

UID = int(image_says("worker", "USER").text.partition(":")[0])
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a process as another user or as PID 1")


def caught(pid: int) -> set[int]:
    """The signals that a process handles: no others reach it if it is the first process of a container."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt")]
    bits = int(line.split()[1], 16)
    return {number for number in range(1, 65) if bits >> (number - 1) & 1}


@pytest.mark.parametrize("as_first", [False, pytest.param(True, marks=is_root)], ids=["handles SIGTERM", "as PID 1"])
def test_a_command_that_waits_ends_at_sigterm(
    redis_url: str, real_redis: Redis, as_first: bool, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "worker.cli.main", "enqueue", "+12125551234", "--id", "order-42", "--wait"]
    if as_first and not shutil.which("unshare"):
        pytest.skip("needs unshare")
    if as_first:
        command = ["unshare", "--fork", "--pid", "--kill-child", *command]
    env = environment(redis_url, "http://127.0.0.1:1")
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
    try:
        pid = process.pid
        if as_first:
            wait_for(lambda: bool(children(process.pid)))
            (pid,) = children(process.pid)
        # Only then does it wait: Python drops a signal that arrives during some steps of an import.
        wait_for(lambda: bool(real_redis.exists(keys.job("order-42"))))
        assert signal.SIGTERM in caught(pid)
        os.kill(pid, signal.SIGTERM)
        assert process.wait(10) == 130, (tmp_path / "output").read_text()
    finally:
        process.kill()
        process.wait()


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@is_root
def test_a_user_and_a_group_without_names_are_no_superuser(
    redis_url: str, simulator: Simulator, tmp_path: Path
) -> None:
    """Celery compares names; on OpenShift, for example, there are none."""
    log = tmp_path / "worker.log"
    # A worker of this checkout, which another user may not be allowed to read: it changes the user when all is read.
    program = (
        "import os; import worker.app, worker.cli.work; from worker.cli.main import main; "
        f"os.setgroups([]); os.setgid({UID}); os.setuid({UID}); main()"
    )
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", program, "worker"],
            cwd=ROOT,
            env=environment(redis_url, simulator.url),
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(lambda: "ready" in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    assert "py.warnings" not in log.read_text()
    assert "Traceback" not in log.read_text()
