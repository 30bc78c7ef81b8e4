"""Intake: from the producers' queue into the ledger, without a moment in which a message is nowhere.

kombu pops a message before it records that it has it, so a SIGKILL loses the message. Here, one script moves messages
from the queue to this worker's in-hand list, the ledger accepts them, and only then are they removed from the list.
If the worker dies in between, another worker reclaims its list (`fleet`); a job that is accepted twice is one job.
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
    """One worker's access to the queue `dial`. `redis` must not decode replies: messages are bytes of any kind."""

    def __init__(self, redis: Redis, *, ledger: Acceptor, worker: str) -> None:
        self._redis = redis
        self._ledger = ledger
        self._worker = worker
        self._take = redis.register_script(source("take"))
        self._register = redis.register_script(source("register"))
        #: Messages that the ledger has accepted, and that may be removed; in the order in which they were taken.
        self._accepted: list[bytes] = []

    def drain(self) -> int:
        """Enter waiting messages into the ledger; return how many there were.

        This takes two round trips for up to 200 messages, of about 2 MB in total; the next call removes these
        messages. Of a message that is too large to be read, only its size arrives here.
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
        """Sleep until a message arrives and is in this worker's in-hand list, or until the time is up.

        The lists of the other priorities are read when the time is up, because Redis blocks on one source only.
        Redis replies with the whole message, of any size (`proto-max-bulk-len`, 512 MB by default), because no script
        may block. A huge message can therefore exhaust the memory of a sleeping worker, but only once: it is in the
        in-hand list by then, where the next script cuts it, in this worker or in the one that reclaims the list.
        """
        pipe: Any = self._redis.pipeline(transaction=False)
        self._register(keys=[keys.workers], args=[self._worker], client=pipe)
        pipe.blmove(INBOX_QUEUE, keys.in_hand(self._worker), timeout_s, "RIGHT", "LEFT")
        pipe.execute()

    def _enter(self, entries: list[Job | Refusal]) -> None:
        for entry, (verdict, state) in zip(entries, self._ledger.accept(entries), strict=True):
            extra = {"job_id": entry.id, "state": state}
            if verdict is Acceptance.CONFLICT:
                log.warning("id already used by a different job; kept the first", extra=extra)
            elif verdict is Acceptance.REPLAY:
                log.info("duplicate message: this job is already known", extra=extra)
            elif isinstance(entry, Refusal):
                log.warning("rejected", extra=extra | {"code": entry.code, "why": entry.message})
            else:
                log.debug("accepted", extra=extra)
