"""Intake: from the producers' queue into the ledger, without a moment in which a message is nowhere.

kombu pops a message before it notes that it has it, so a SIGKILL loses it. Here one script moves messages from the
queue to this worker's hand, the ledger accepts them, and only then are they forgotten. Whoever dies in between
leaves a hand that another worker takes over (`fleet`); whatever is accepted twice is one job.
"""

import logging
from typing import Any, Final

from redis import Redis

from tasks.intake.message import read_message
from tasks.job import Job
from tasks.ledger.accept import Acceptance, Acceptor, Refusal
from tasks.store import keys
from tasks.store.keys import INBOX_LISTS, INBOX_QUEUE, MAX_READ_BYTES
from tasks.store.scripts import source

log = logging.getLogger("dialer.inbox")

_AT_ONCE: Final = 200


class Inbox:
    """One worker's way to the queue `dial`. `redis` must not decode replies: messages are bytes of any kind."""

    def __init__(self, redis: Redis, *, ledger: Acceptor, worker: str) -> None:
        self._redis = redis
        self._ledger = ledger
        self._worker = worker
        self._take = redis.register_script(source("take"))
        self._register = redis.register_script(source("register"))
        #: What the ledger has, and may be forgotten; in the order in which it was taken.
        self._accepted: list[bytes] = []

    def drain(self) -> int:
        """Take what is there into the ledger; how many messages that were.

        Two round trips for up to 200 messages, of 2 MB in all or little more; the last ones are forgotten with the
        next call. What is too large to be read comes as a word on its size, and not as a whole.
        """
        messages: list[bytes] = self._take(
            keys=[keys.in_hand(self._worker), keys.workers, *INBOX_LISTS],
            args=[self._worker, _AT_ONCE, MAX_READ_BYTES, *self._accepted],
        )
        self._accepted = []
        if messages:
            messages.reverse()
            self._enter([read_message(raw) for raw in messages])
            self._accepted = messages
        return len(messages)

    def wait(self, timeout_s: float) -> None:
        """Sleep until a message comes, and take it into hand; or until the time is up.

        The other priorities' lists are looked at when the time is up: Redis blocks on one source only.
        Redis answers with the message as it is, of whatever size (`proto-max-bulk-len`, 512 MB by default): no script
        may block. A giant can thus cost a sleeping worker its memory, once: it is in its hand by then, where the next
        script to come by cuts it, be it this worker's or that of whoever takes over.
        """
        pipe: Any = self._redis.pipeline(transaction=False)
        self._register(keys=[keys.workers], args=[self._worker], client=pipe)
        pipe.blmove(INBOX_QUEUE, keys.in_hand(self._worker), timeout_s, "RIGHT", "LEFT")
        pipe.execute()

    def _enter(self, entries: list[Job | Refusal]) -> None:
        for entry, (verdict, state) in zip(entries, self._ledger.accept(entries), strict=True):
            extra = {"job_id": entry.id, "state": state}
            if verdict is Acceptance.CONFLICT:
                log.warning("conflict: this id is known with other content, which stands", extra=extra)
            elif verdict is Acceptance.REPLAY:
                log.info("replay: this job is known", extra=extra)
            elif isinstance(entry, Refusal):
                log.warning("rejected", extra=extra | {"code": entry.code, "why": entry.message})
            else:
                log.debug("accepted", extra=extra)
