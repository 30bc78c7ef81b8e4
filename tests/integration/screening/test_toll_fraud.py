"""What the operator does not allow to be called is not called, whoever asks for it and however."""

from celery import Celery
from redis import Redis

from sandbox.simulator.process import Simulator
from tests.integration.conftest import StartWorker
from tests.support.fleet import wait_for
from tests.support.ground import Ground, job

FOREIGN = {
    "abroad": {"to": "+44 20 7946 0958"},
    "by its own region": {"to": "020 7946 0958", "region": "GB"},
    "by a prefix": {"to": "011 44 20 7946 0958"},
    "as a URI": {"to": "tel:+442079460958", "from": "+442079460959"},
    "the same country code": {"to": "+1 876 522 1234"},  # Jamaica: the number of many a one-ring fraud
    "of no country": {"to": "+882 16 1234 5678"},
    "premium": {"to": "+1 900 234 5678"},
    "emergency": {"to": "911"},
    "emergency, disguised": {"to": "+1 911"},
}


def test_a_worker_s_rules_bind_whatever_a_producer_asks_for(
    redis_url: str, real_redis: Redis, simulator: Simulator, start_worker: StartWorker
) -> None:
    """From the queue, past it, and when a person has it dialed again."""
    ground = Ground.over(real_redis)
    producer = Celery(broker=redis_url)
    start_worker(DIALER_ALLOWED_REGIONS="US")
    for name, fields in FOREIGN.items():
        producer.send_task("dial", args=[fields], queue="dial", task_id=name)
    ground.ledger.accept([job("past the queue", to="+44 20 7946 0958"), job("good")])
    wait_for(
        lambda: sum(ground.records.counts().values()) == len(FOREIGN) + 2 and not ground.records.counts()["open"]
    )
    for name in FOREIGN:
        assert ground.retry(name).done
    wait_for(lambda: not ground.records.counts()["open"])
    codes = {name: ground.record(name)["code"] for name in [*FOREIGN, "past the queue"]}
    assert set(codes.values()) <= {"region_not_allowed", "premium_rate", "emergency_number", "not_dialable"}, codes
    assert [call["to"] for call in simulator.calls()] == ["+12125551234"]
