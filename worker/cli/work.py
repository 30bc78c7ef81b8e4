"""`dialer worker`: a process that places calls."""

import logging
import os
import signal
import threading
import time

import click

from config.logging import configure
from config.settings import Settings
from tasks.errors import JobError
from tasks.screening.caller_id import default_caller_id
from tasks.screening.rules import rules_of
from worker.app import run_worker
from worker.cli.errors import WrongUsage
from worker.cli.examples import examples
from worker.cli.store import settings_of
from worker.redis_findings import lasting_fault

_PARENT_CHECK_S = 0.5
_ORPHAN_GRACE_S = 5.0


@click.command("worker", epilog=examples("dialer worker", "dialer worker --concurrency 32"))
@click.option(
    "--concurrency",
    default=8,
    show_default=True,
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Calls that this process places at once.",
)
@click.option("--parent-pid", type=int, hidden=True)
def command(*, concurrency: int, parent_pid: int | None) -> None:
    """Place calls until SIGTERM or Ctrl-C, at the pace that the whole fleet shares.

    Start as many as you like, on as many machines. On SIGTERM calls on the wire are finished and all else goes
    back to wait for another worker. When Redis is unavailable, it waits; when it can
    never be used (a wrong password, cluster mode), the worker ends with exit code 2.
    """
    settings = settings_of(credentials=True)
    _check_caller_id(settings)
    if fault := lasting_fault(settings):
        raise WrongUsage(fault.message)
    configure(settings.log_format, secrets=settings.secrets)
    logging.captureWarnings(capture=True)  # Celery's, of running as root, would stand between the lines
    if parent_pid is not None:
        threading.Thread(target=_end_with, args=[parent_pid], daemon=True).start()
    raise SystemExit(run_worker(settings, concurrency=concurrency))


def _check_caller_id(settings: Settings) -> None:
    """Refuse a caller ID that no call could show."""
    try:
        default_caller_id(rules_of(settings))
    except JobError as error:
        raise WrongUsage(f"DIALER_CALLER_ID is wrong: {error.message} Write it in E.164.") from error


def _end_with(parent_pid: int) -> None:
    """An orphan is handed to another parent: the demo's workers must not outlive it, even when it is killed."""
    while os.getppid() == parent_pid:
        time.sleep(_PARENT_CHECK_S)
    os.kill(os.getpid(), signal.SIGTERM)
    # With the demo its Redis is gone too, which a worker with an outcome in hand would wait for.
    time.sleep(_ORPHAN_GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)
