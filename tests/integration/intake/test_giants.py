"""Messages of any size: they end as rejected, and no worker needs the memory to hold them."""

from pathlib import Path

import pytest
from redis import Redis

from sandbox.simulator.process import Simulator
from tasks.codes import State
from tests.integration.conftest import StartWorker
from tests.support.fleet import wait_for
from tests.support.ground import Ground
from tests.support.messages import message

_GIANT = 40_000_000
_PROC = Path("/proc/self/status")


def most_memory(pid: int) -> int:
    """The most bytes that the process ever had in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(not _PROC.exists(), reason="reads how much memory a process has used from /proc, as on Linux")
def test_giants_on_the_queue_cost_a_worker_no_memory_and_do_not_stop_the_intake(
    real_redis: Redis, simulator: Simulator, start_worker: StartWorker
) -> None:
    """Three of 40 MB at once, and a job behind them."""
    ground = Ground.over(real_redis)
    idle = start_worker()
    before = most_memory(idle.pid)
    idle.kill()
    for n in range(3):
        real_redis.lpush("dial", message({"to": str(n) * (_GIANT * 3 // 4)}))
    real_redis.lpush("dial", message(headers_id="behind"))
    worker = start_worker()
    wait_for(lambda: ground.records.show("behind") is not None and ground.state("behind") == "placed")
    records = ground.records.page(State.REJECTED).records
    assert [record["code"] for record in records] == ["message_too_large"] * 3
    assert most_memory(worker.pid) - before < _GIANT
    assert len(simulator.calls()) == 1
    assert worker.stop() == 0
