"""Messages as they were met in the field and as other clients write them, each sent twice through the real queue."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from sandbox.simulator.process import Simulator
from tasks.intake.message import read_message
from tests.integration.conftest import StartWorker
from tests.support.fleet import wait_for
from tests.support.ground import Ground

SAMPLES = Path(__file__).parents[2] / "samples"
STATES = {"placed", "scheduled", "expired", "rejected"}


def cases(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / file).read_text().splitlines()]


def right(case: dict[str, Any]) -> tuple[set[str], str | None]:
    """The states that are right, and the code if it is rejected."""
    words = case["right"].partition(";")[0].replace(",", " ").split()
    code = words[words.index("rejected") + 1] if "rejected" in words else None
    return STATES.intersection(words), code


def own_id(case: dict[str, Any]) -> Any:
    headers = case["message"].get("headers") or {}
    return headers.get("id")


def counted(ground: Ground, job_id: str) -> int:
    """How many messages the ledger took under this id."""
    record = ground.records.show(job_id)
    return 0 if record is None else 1 + int(record.get("replays", 0)) + int(record.get("conflicts", 0))


def ended(ground: Ground, job_id: str, states: set[str]) -> Callable[[], bool]:
    return lambda: ground.state(job_id) in states


@pytest.mark.parametrize("file", ["messages-from-the-field.jsonl", "messages-of-other-clients.jsonl"])
def test_every_case_ends_as_is_right_and_is_called_at_most_once(
    file: str, real_redis: Redis, simulator: Simulator, start_worker: StartWorker
) -> None:
    ground = Ground.over(real_redis)
    worker = start_worker()
    found = cases(file)
    ids: dict[tuple[str, int], str] = {}
    for tag in ("first", "again"):
        for number, case in enumerate(found):
            message = case["message"]
            # As a producer sends it again after an error: the id is the same, the delivery tag is not.
            message["properties"] = message["properties"] | {"delivery_tag": f"{tag}-{number}"}
            raw = json.dumps(message).encode()
            ids[tag, number] = read_message(raw).id
            real_redis.lpush("dial", raw)
    unknown = [job_id for job_id in ids.values() if job_id.startswith("unidentified-")]
    wait_for(lambda: sum(counted(ground, job_id) for job_id in set(ids.values())) == len(ids), 60)
    for number, case in enumerate(found):
        states, code = right(case)
        job_id, again = ids["first", number], ids["again", number]
        assert job_id == again or {job_id, again} <= set(unknown), case["what"]
        wait_for(ended(ground, job_id, states), 60)
        record = ground.records.show(job_id) or {}
        assert record.get("code") == code or record["state"] != "rejected", case["what"]
        # What a producer can ask for, it is told under the id as it came; no key holds half a surrogate pair.
        asked = own_id(case)
        if isinstance(asked, str) and asked != "\ud800" and ground.state(job_id) != "scheduled":
            told: Any = real_redis.get(f"celery-task-meta-{asked}")
            assert json.loads(told)["task_id"] == asked
    calls = Counter(call["to"] for call in simulator.calls())
    assert max(calls.values()) == 1
    assert len(calls) == sum("placed" in case["right"].split()[:1] for case in found)
    assert worker.stop() == 0
    assert "unexpected error" not in worker.output()
