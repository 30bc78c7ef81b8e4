"""The threads beside Celery's pool: intake, nudges, and housekeeping, in every worker process, none special."""

import logging
import threading
import time
from collections.abc import Callable

from tasks.errors import LedgerUnavailable
from tasks.fleet.heartbeat import BEAT_S
from worker.finding import Verdict
from worker.redis_findings import redis_findings
from worker.wiring import Parts

log = logging.getLogger("dialer.loops")

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 2.0
_IDLE_S = 1.0
_JOIN_S = 7.0  # a blocking command of a second, or a socket time-out


class Loop(threading.Thread):
    """Runs `step` again and again until `stopping`; survives everything, and says once that Redis is away."""

    def __init__(self, name: str, step: Callable[[], None], stopping: threading.Event) -> None:
        super().__init__(name=f"dialer-{name}", daemon=True)
        self._step = step
        self._stopping = stopping

    def run(self) -> None:
        away, pause_s = False, _FIRST_PAUSE_S
        while not self._stopping.is_set():
            try:
                self._step()
            except LedgerUnavailable as error:
                if not away:
                    log.warning("%s: Redis is away: %s", self.name, error)
                away, pause_s = True, min(pause_s * 2, _LONGEST_PAUSE_S)
                self._stopping.wait(pause_s)
            except Exception:
                log.exception("%s: unexpected error in loop; continuing", self.name)
                self._stopping.wait(_LONGEST_PAUSE_S)
            else:
                if away:
                    log.info("%s: Redis is back", self.name)
                away, pause_s = False, _FIRST_PAUSE_S


class Loops:
    """The loops of one worker process."""

    def __init__(self, parts: Parts, stopping: threading.Event) -> None:
        self._parts = parts
        self._stopping = stopping
        self._looked = False
        self._loops = [
            Loop("intake", self._take_in, stopping),
            Loop("nudges", self._nudge, stopping),
            Loop("housekeeping", self._keep_house, stopping),
        ]

    def start(self) -> None:
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """End the loops and say good-bye; what is not done is another worker's to do."""
        log.info("shutting down: calls on the wire are finished, the rest goes back")
        self._stopping.set()
        until = time.monotonic() + _JOIN_S
        for loop in self._loops:
            loop.join(max(until - time.monotonic(), 0))
        try:
            self._parts.heartbeat.leave()
        except LedgerUnavailable as error:
            log.warning("left without saying good-bye: %s", error)

    def _take_in(self) -> None:
        if not self._parts.inbox.drain():
            self._parts.inbox.wait(_IDLE_S)

    def _nudge(self) -> None:
        _, wait_s = self._parts.scheduler.nudge()
        self._parts.scheduler.sleep(wait_s)

    def _keep_house(self) -> None:
        if not self._looked:
            for finding in redis_findings(self._parts.redis):
                if finding.verdict is not Verdict.OK:
                    log.warning("%s: %s", finding.check, finding.message)
            self._looked = True
        for name in self._parts.heartbeat.beat():
            log.warning("took over from a dead worker", extra={"dead": name})
        if self._parts.heartbeat.redis_restarted:
            for job_id in self._parts.ledger.replay():
                log.warning("Redis had forgotten a call, and was told", extra={"job_id": job_id})
            self._parts.heartbeat.redis_restarted = False
        for job_id, state in self._parts.reaper.reap().items():
            log.warning("its worker died: %s", state, extra={"job_id": job_id})
        for job_id in self._parts.reaper.expire():
            log.info("expired", extra={"job_id": job_id})
        self._stopping.wait(BEAT_S)
