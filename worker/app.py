"""The Celery app of a worker process, and how such a process runs."""

import logging
import signal
import threading
import warnings
from typing import Any

from celery import Celery, bootsteps, signals
from celery.apps.worker import Worker
from celery.exceptions import CPendingDeprecationWarning
from celery.platforms import EX_OK
from celery.worker import state

from config.celery import celery_config
from config.settings import Settings
from tasks.dial import register
from tasks.store import keys
from worker.consumer import patient_consumer
from worker.loops import Loops
from worker.nudges import hold_in_memory
from worker.wiring import Parts, wire, worker_name

log = logging.getLogger("dialer.worker")


def make_app(settings: Settings, parts: Parts, stopping: threading.Event) -> Celery:
    """A Celery app with the task and the threads of a worker."""
    hold_in_memory()
    app = Celery("dialer", set_as_current=True)
    app.conf.update(celery_config(settings, queue=keys.calls))
    register(app, attempt=parts.attempt)

    class ThreadsStep(bootsteps.StartStopStep):  # type: ignore[misc]
        """Starts the threads after the pool, and stops them before it."""

        threads: Loops

        requires = ("celery.worker.components:Pool",)

        def start(self, _worker: Any) -> None:
            # Celery has installed its own handlers by now.
            _install_warm_shutdown(stopping)
            self.threads = Loops(parts, stopping)
            self.threads.start()

        def stop(self, _worker: Any) -> None:
            self.threads.stop()

    app.steps["worker"].add(ThreadsStep)
    return app


def run_worker(settings: Settings, *, concurrency: int) -> int:
    """Run a worker until SIGTERM or Ctrl-C; its exit code. Logging is the caller's to set up."""
    name, stopping = worker_name(), threading.Event()
    parts = wire(settings, worker=name, concurrency=concurrency, stopping=stopping)
    app = make_app(settings, parts, stopping)

    # A connected receiver keeps Celery from setting up logging of its own.
    signals.setup_logging.connect(_keep_logging, weak=False)

    worker = Worker(
        app=app,
        hostname=f"dialer@{name}",
        pool_cls="threads",
        concurrency=concurrency,
        consumer_cls=patient_consumer(settings),
        queues=[keys.calls],
        loglevel="INFO",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    # Celery would warn at each loss of a connection of what a later Celery may do.
    warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)
    # What these say of each task, the ledger's own lines say better.
    for noisy in ("celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    log.info("worker starts", extra={"concurrency": concurrency})
    worker.start()
    return worker.exitcode or 0


def _install_warm_shutdown(stopping: threading.Event) -> None:
    """Let every signal that asks to leave mean the same, however often it comes.

    Celery's own handlers kill what runs at the second Ctrl-C or at SIGQUIT, and restart the worker at SIGHUP; a call
    that is on the wire then would end as unconfirmed. Nobody needs more than SIGTERM, and SIGKILL is always there.
    """

    def leave(*_: object) -> None:
        stopping.set()
        state.should_stop = EX_OK

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, leave)


def _keep_logging(**_: Any) -> None:
    """Logging is set up already."""
