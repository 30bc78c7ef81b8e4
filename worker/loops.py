"""The threads of every worker process beside Celery's pool: intake, nudges, follow-up, events, housekeeping."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from tasks.codes import State
from tasks.errors import LedgerUnavailable
from tasks.fleet.heartbeat import BEAT_S
from tasks.followup.follower import Follower
from tasks.followup.reconcile import Reconciler
from worker.finding import Verdict
from worker.redis_findings import redis_findings
from worker.wiring import Parts

log = logging.getLogger("dialer.loops")

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 2.0
_IDLE_S = 1.0
_NOTHING_TO_LOOK_AT_S = 2.0
_JOIN_S = 7.0  # longer than a blocking command (1 s) and than a socket time-out (5 s)


class Loop(threading.Thread):
    """Runs `step` repeatedly until `stopping` is set. It continues after any error, and logs a Redis outage once."""

    def __init__(self, name: str, step: Callable[[], None], stopping: threading.Event) -> None:
        super().__init__(name=f"dialer-{name}", daemon=True)
        self._step = step
        self._stopping = stopping

    def run(self) -> None:
        unavailable, pause_s = False, _FIRST_PAUSE_S
        while not self._stopping.is_set():
            try:
                self._step()
            except LedgerUnavailable as error:
                if not unavailable:
                    log.warning("%s: Redis unavailable: %s", self.name, error)
                unavailable, pause_s = True, min(pause_s * 2, _LONGEST_PAUSE_S)
                self._stopping.wait(pause_s)
            except Exception:
                log.exception("%s: unexpected error in loop; continuing", self.name)
                self._stopping.wait(_LONGEST_PAUSE_S)
            else:
                if unavailable:
                    log.info("%s: Redis available again", self.name)
                unavailable, pause_s = False, _FIRST_PAUSE_S


class Loops:
    """The loops of one worker process."""

    def __init__(self, parts: Parts, stopping: threading.Event) -> None:
        self._parts = parts
        self._stopping = stopping
        self._redis_checked = False
        self._loops = [
            Loop("intake", self._run_intake, stopping),
            Loop("nudges", self._send_nudges, stopping),
            Loop("housekeeping", self._run_housekeeping, stopping),
        ]
        if follower := parts.follow_up.follower:
            self._loops.append(Loop("follow-up", partial(self._follow_calls, follower), stopping))

        if events := parts.follow_up.events:
            self._loops.append(Loop("events", events.step, stopping))
        if reconciler := parts.follow_up.reconciler:
            self._loops.append(Loop("reconcile", partial(self._search_for_calls, reconciler), stopping))

    def start(self) -> None:
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """End the loops and deregister this worker; other workers continue with the remaining jobs."""
        log.info("shutting down: finishing calls in progress, requeueing other jobs")
        self._stopping.set()
        until = time.monotonic() + _JOIN_S
        for loop in self._loops:
            loop.join(max(until - time.monotonic(), 0))
        try:
            if events := self._parts.follow_up.events:
                events.close()
            self._parts.heartbeat.deregister()
        except LedgerUnavailable as error:
            log.warning("shut down without deregistering: Redis unavailable: %s", error)

    def _run_intake(self) -> None:
        if not self._parts.inbox.drain():
            self._parts.inbox.wait(_IDLE_S)

    def _send_nudges(self) -> None:
        _, wait_s = self._parts.scheduler.nudge()
        self._parts.scheduler.sleep(wait_s)

    def _follow_calls(self, follower: Follower) -> None:
        if returning := self._parts.follow_up.returning:
            returning.step()
        if not follower.step():
            self._stopping.wait(_NOTHING_TO_LOOK_AT_S)

    def _search_for_calls(self, reconciler: Reconciler) -> None:
        if not reconciler.step():
            self._stopping.wait(_NOTHING_TO_LOOK_AT_S)

    def _run_housekeeping(self) -> None:
        if not self._redis_checked:
            for finding in redis_findings(self._parts.redis):
                if finding.verdict is not Verdict.OK:
                    log.warning("%s: %s", finding.check, finding.message)
            self._redis_checked = True
        for name in self._parts.heartbeat.beat():
            log.warning("reclaimed messages of an unresponsive worker", extra={"from_worker": name})
        if self._parts.heartbeat.redis_restarted:
            for job_id in self._parts.ledger.replay():
                log.warning("outcome missing after a Redis restart; recorded again", extra={"job_id": job_id})
            self._parts.heartbeat.redis_restarted = False
        for job_id, state in self._parts.reaper.reap().items():
            if state is State.QUEUED:
                log.warning("lease expired; job requeued", extra={"job_id": job_id})
            else:
                log.warning("lease expired; job ended as %s", state, extra={"job_id": job_id})
        for job_id in self._parts.reaper.expire():
            log.info("not_after has passed; job ended as expired", extra={"job_id": job_id})
        self._stopping.wait(BEAT_S)
