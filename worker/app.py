"""Creates the Celery app of a worker process, and runs the process."""

import logging
import os
import signal
import threading
import warnings
from typing import Any

from celery import Celery, bootsteps, signals
from celery.apps.worker import Worker
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning
from celery.platforms import EX_OK
from celery.worker import state

from config.celery import celery_config
from config.settings import Settings
from tasks.dial import register
from tasks.store import keys
from worker.consumer import patient_consumer
from worker.loops import Loops
from worker.nudges import patch_kombu
from worker.wiring import Parts, wire, worker_name

log = logging.getLogger("dialer.worker")


def make_app(settings: Settings, parts: Parts, stopping: threading.Event) -> Celery:
    """Return a Celery app with the tasks and the threads of a worker."""
    patch_kombu()
    app = Celery("dialer", set_as_current=True)
    app.conf.update(celery_config(settings, queue=keys.calls))
    register(app, attempt=parts.attempt)

    class ThreadsStep(bootsteps.StartStopStep):  # type: ignore[misc]
        """Starts the threads after the pool, and stops them before the pool."""

        threads: Loops

        requires = ("celery.worker.components:Pool",)

        def start(self, _worker: Any) -> None:
            # By now, Celery has installed its own signal handlers, which this replaces.
            _install_warm_shutdown(stopping)
            self.threads = Loops(parts, stopping)
            self.threads.start()

        def stop(self, _worker: Any) -> None:
            self.threads.stop()

    app.steps["worker"].add(ThreadsStep)
    return app


def run_worker(settings: Settings, *, concurrency: int) -> int:
    """Run a worker until SIGTERM or Ctrl-C, and return its exit code. The caller has configured logging."""
    name, stopping = worker_name(), threading.Event()
    parts = wire(settings, worker=name, concurrency=concurrency, stopping=stopping)
    app = make_app(settings, parts, stopping)

    # Celery configures logging itself unless this signal has a receiver.
    signals.setup_logging.connect(_keep_logging, weak=False)

    if os.geteuid():
        # Celery takes a group without a name, as containers and OpenShift have it, for that of a superuser.
        warnings.filterwarnings("ignore", category=SecurityWarning)
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
    # At each lost connection, Celery would warn about a change in a later version.
    warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)
    # These log every task; Dialer's own lines about the job say more.
    for logger in ("celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(logger).setLevel(logging.WARNING)
    log.info("starting worker", extra={"concurrency": concurrency})
    worker.start()
    return worker.exitcode or 0


def _install_warm_shutdown(stopping: threading.Event) -> None:
    """Make SIGTERM, SIGINT, SIGQUIT and SIGHUP request a warm shutdown, also when they are repeated.

    Celery's own handlers kill running tasks at the second Ctrl-C or at SIGQUIT, and restart the worker at SIGHUP; a
    call in progress would then end as unconfirmed. SIGKILL still stops a worker at once.
    """

    def request_shutdown(*_: object) -> None:
        stopping.set()
        state.should_stop = EX_OK

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, request_shutdown)


def _keep_logging(**_: Any) -> None:
    """Do nothing, because logging is already configured."""
