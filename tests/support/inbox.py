"""The inbox for tests: messages in it, and workers that take them."""

from redis import Redis

from tasks.intake.inbox import Inbox
from tasks.store.keys import INBOX_QUEUE
from tests.support.ground import Ground
from tests.support.messages import message


def send(redis: Redis, *job_ids: str, queue: str = INBOX_QUEUE) -> None:
    """As kombu does: to the left."""
    for job_id in job_ids:
        redis.lpush(queue, message(headers_id=job_id))


def inbox(ground: Ground, raw: Redis, worker: str = "w1") -> Inbox:
    return Inbox(raw, ledger=ground.ledger, worker=worker)
