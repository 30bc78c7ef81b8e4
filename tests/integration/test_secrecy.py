"""What others on the machine and on the network can see of a worker: no number, no token, no secret."""

import base64
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from redis import Redis

from sandbox.simulator.process import Simulator
from tasks.store import keys
from tests.integration.conftest import StartWorker
from tests.support.fleet import CALLER_ID, wait_for
from tests.support.ground import Ground, job
from tests.support.messages import message

_PROC = Path("/proc")


def family(pid: int) -> list[Path]:
    """The process, and all that it started, in /proc."""
    children = [
        int(child)
        for task in (_PROC / str(pid) / "task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [_PROC / str(pid), *(each for child in children for each in family(child))]


@pytest.mark.skipif(not (_PROC / "self/task").exists(), reason="looks at processes as Linux shows them")
def test_neither_the_process_list_nor_the_log_nor_celery_s_events_tell_a_number_or_a_secret(
    redis_url: str, real_redis: Redis, simulator: Simulator, start_worker: StartWorker
) -> None:
    ground = Ground.over(real_redis)
    worker = start_worker(concurrency=2)
    heard: Any = real_redis.pubsub()  # type: ignore[no-untyped-call]
    heard.psubscribe("*")
    control = Celery(broker=redis_url).control
    control.enable_events()
    assert control.ping(timeout=0.5) == []  # nobody listens to such orders
    ground.ledger.accept([job("good"), job("refused", to="+1 212 555 1404"), job("bad", to="+1 900 234 5678")])
    real_redis.lpush("dial", message({"to": "+12125551235", "+12125551236": 1}, headers_id="junk"))
    wait_for(lambda: ground.records.counts()["open"] == 0 and ground.records.show("junk") is not None)
    (key,) = [key for key in real_redis.keys("dialer:token:*") if real_redis.type(key) == "hash"]
    token: Any = real_redis.hget(key, "token")
    seen = "".join((process / name).read_text() for process in family(worker.pid) for name in ("cmdline", "comm"))
    assert "worker.cli.main" in seen
    assert worker.stop() == 0
    for hidden in (token, "sandbox-secret", "2125551", CALLER_ID, "9002345678"):
        assert hidden not in seen + worker.output()
    messages = list(iter(lambda: heard.get_message(timeout=0.1), None))
    heard.close()
    channels = {each["channel"].partition("-meta-")[0] for each in messages if each["type"] == "pmessage"}
    # What a producer waits for, and the broadcasts, with nobody's answer.
    assert "celery-task" in channels
    assert channels <= {"celery-task", "/0.celery.pidbox"}


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_celery_logs_nothing_of_a_message_that_a_stranger_puts_on_the_queue_of_calls(
    real_redis: Redis, start_worker: StartWorker, log_format: str
) -> None:
    """Celery would log body, headers and arguments of a message that it cannot use, so it is given none of them."""
    worker = start_worker(concurrency=1, DIALER_LOG_FORMAT=log_format)
    private: dict[str, Any] = {"to": "+12125551234", "attributes": {"name": "Jane Roe"}}
    nobody = {"headers_task": "dialer.call", "headers_job_id": "nobody"}
    kinds: list[dict[str, Any]] = [
        {"headers_task": "other"},
        {"headers_task": None},
        nobody,
        nobody | {"raw_body": "no JSON: Jane Roe"},
        nobody | {"headers_eta": "soon"},
    ]
    for n, changes in enumerate(kinds):
        # Without a tag kombu does not read a message any further.
        properties = {"body_encoding": "base64", "delivery_tag": f"tag-{n}", "delivery_info": {}}
        taken = message(private, properties=properties, headers_argsrepr=repr([private]), **changes)
        real_redis.lpush(keys.calls, taken)
    wait_for(lambda: real_redis.llen(keys.calls) == 0)
    assert worker.stop() == 0
    assert "discarded an invalid message" in worker.output()
    body = base64.b64encode(b'[[{"to": "+1').decode()
    for hidden in ("2125551234", "Jane Roe", "attributes", body):
        assert hidden not in worker.output()
