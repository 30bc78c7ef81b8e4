"""Junk of every shape on the real queues: nothing crashes, nothing is executed, nothing vanishes."""

import base64
import json
import pickle
import random
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redis import Redis

from sandbox.simulator.process import Simulator
from tasks.intake.message import read_message
from tasks.store import keys
from tasks.store.keys import INBOX_LISTS, MAX_BYTES, MAX_READ_BYTES
from tests.integration.conftest import StartWorker
from tests.support.fleet import wait_for
from tests.support.ground import Ground, job
from tests.support.messages import message


class Bomb:
    """Unpickling it would leave a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self._path,))


def loaded(bomb: bytes) -> Iterator[dict[str, Any]]:
    """Every way to ask for the bomb to be taken out of its wrapping."""
    types = ("application/x-python-serialize", "application/x-yaml", "application/x-msgpack", "application/data")
    for content_type in (*types, "application/json"):
        for encoding in ("binary", "utf-8"):
            yield {
                "body": base64.b64encode(bomb).decode(),
                "content-type": content_type,
                "content-encoding": encoding,
                "headers_id": f"{content_type}-{encoding}",
            }
    yield {"body": base64.b64encode(zlib.compress(bomb)).decode(), "headers_compression": "gzip", "headers_id": "z"}


#: In place of a text, or of an object.
ODD: tuple[Any, ...] = (0, 10**400, 1.5, True, [], {"a": []}, "x" * 100_000, "\ud800", "a\nb", "\x00", " ")


#: As ids of a job that is good otherwise; `None` is none at all.
BAD_IDS: tuple[Any, ...] = (
    *("", "order\u00a045", "line\nbreak", "y" * 256, "y" * 5_000, "y" * 200_000, "\x00", "a\u2028b", "\u202e1"),
    *("\ufeff1", "\x7f", "\ud800", 0, 7, 1.5, 10**400, True, [], ["a"], {}, {"a": [1]}, "+1 212 555 1234\n", None),
)


def twice() -> list[bytes]:
    """Good jobs under ids that cannot be used, each sent again with another delivery tag, as Celery does."""
    properties = [{"body_encoding": "base64", "delivery_tag": tag} for tag in ("first", "again")]
    return [message(headers_id=odd, properties=each) for odd in BAD_IDS for each in properties]


def junk(seed: int, trap: Path) -> list[bytes]:
    """Some hundred messages, none of them a valid job, no two alike."""
    rng = random.Random(seed)
    good = message()
    bomb = pickle.dumps(Bomb(trap))
    found = [bomb, *(message(**changes) for changes in loaded(bomb))]
    found += [
        message({"to": "1" * size}, headers_id=f"large-{n}")
        for n, size in enumerate([MAX_BYTES, MAX_BYTES, MAX_READ_BYTES])
    ]
    found += [message({}, headers_id=odd) for odd in ODD]
    found += twice()
    found += [message(headers_task=odd, headers_id=f"odd-{n}") for n, odd in enumerate(ODD)]
    found += [message(headers=odd) for odd in ODD]
    found += [message(body=odd, headers_id=f"body-{n}") for n, odd in enumerate(ODD)]
    found += [rng.randbytes(rng.randrange(1, 300)) for _ in range(100)]
    for n in range(100):  # a good message with some bytes changed, that no longer is one
        changed = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        found.append(b"[%d," % n + bytes(changed))
    for n in range(100):
        value: Any = n
        for _ in range(rng.randrange(1, 30)):
            value = rng.choice([[value], {"to": value}, {"headers": value, "body": value}])
        found.append(json.dumps(value).encode())
        found.append(message(value, headers_id=f"junk-{n}"))
        foreign = rng.choice(["os.system", "celery.chord", "dial2"])
        found.append(message(headers_id=f"foreign-{n}", headers_task=foreign))
    return found


def test_the_producers_queue(
    real_redis: Redis, simulator: Simulator, start_worker: StartWorker, tmp_path: Path
) -> None:
    ground = Ground.over(real_redis)
    worker = start_worker()
    trap = tmp_path / "executed"
    messages = junk(7, trap)
    for n, raw in enumerate(messages):
        real_redis.lpush(INBOX_LISTS[n % len(INBOX_LISTS)], raw)
    real_redis.lpush("dial", message(headers_id="good"))
    wait_for(lambda: ground.records.show("good") is not None and ground.state("good") == "placed", 60)
    records = {read_message(raw).id for raw in messages}
    # Each id that cannot be used is one record, and a message without an id is one by itself.
    assert len(records) <= len(set(messages)) - len(BAD_IDS) + 1
    wait_for(lambda: ground.records.counts()["rejected"] == len(records), 60)
    assert not trap.exists()
    assert len(simulator.calls()) == 1
    assert worker.stop() == 0
    assert "Traceback" not in worker.output()
    assert "unexpected error" not in worker.output()


def test_the_queue_of_calls(
    real_redis: Redis, simulator: Simulator, start_worker: StartWorker, tmp_path: Path
) -> None:
    """Only the scheduler writes there; what anybody else puts there is thrown away, and the worker goes on."""
    ground = Ground.over(real_redis)
    worker = start_worker(concurrency=2)
    calls = keys.calls
    trap = tmp_path / "executed"
    kinds: list[dict[str, Any]] = [
        {"headers_task": "os.system"},
        {},
        {"headers_job_id": "nobody"},
        {"headers_job_id": ["a"]},
        {"headers_job_id": "\ud800"},
        {"headers_job_id": "nobody", "body": "%%%"},
        {"headers_job_id": "nobody", "headers_eta": "soon", "headers_timelimit": 5},
    ]
    odd = [changes | {"headers_id": f"{n}-{number}"} for n in range(20) for number, changes in enumerate(kinds)]
    bombs = [changes | {"headers_job_id": "nobody"} for changes in loaded(pickle.dumps(Bomb(trap)))]
    for n, changes in enumerate([*odd, *bombs]):
        # kombu takes none without a tag, and asks no further: those with one get to where content is decoded.
        tagged = {"body_encoding": "base64", "delivery_tag": f"tag-{n}", "delivery_info": {"routing_key": calls}}
        real_redis.lpush(calls, message(**{"headers_task": "dialer.call"} | changes))
        real_redis.lpush(calls, message(**{"headers_task": "dialer.call", "properties": tagged} | changes))
    real_redis.lpush(calls, pickle.dumps(Bomb(trap)), b"\xff", b"{}", b"null")
    ground.ledger.accept([job()])
    wait_for(lambda: ground.state("order-42") == "placed" and real_redis.llen(calls) == 0, 60)
    assert not trap.exists()
    assert len(simulator.calls()) == 1
    assert worker.stop() == 0
    assert "Traceback" not in worker.output()
