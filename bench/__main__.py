"""`python -m bench [NAME…]`: measures, shows the progress, and prints the figures side by side.

Everything runs on loopback with its own Redis and simulator; no real call is placed. The exit code is 1 if a figure
misses its bar, or could not be measured.
"""

import importlib
import json
import signal
import time
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

import click
from redis import RedisError

from bench.figures import BenchReport, Task
from bench.machine import described, machine
from bench.processes import Failed
from bench.progress import print_progress
from bench.table import table, verdict
from sandbox.embedded_redis import RedisUnavailableError
from sandbox.simulator.process import SimulatorDidNotStart

#: Name -> what it measures, in the order of the runs.
BENCHES: Final = {
    "pace": "the share of a rate limit that is used, and the number of 429s",
    "recovery": "requests and calls after a 429",
    "outage": "a backlog, and an API that answers no request for 30 s",
    "misconfiguration": "a backlog with a wrong secret, revoked client, missing permission or unverified caller ID",
    "throughput": "calls per second without a limit",
    "enqueue": "jobs enqueued per second, and the memory of an import",
    "lookups": "records read per second, and the time for a page of failed jobs",
    "cancel": "the time to cancel and to retry the jobs of a batch with one command",
    "memory": "bytes per job in Redis, and the memory of a worker by size of the backlog",
    "follow": "what it costs to follow calls: requests, pace, and the time to a user's next call",
    "due": "the delay of scheduled jobs",
    "numbers": "phone numbers that are read as a different number, or refused, by region",
    "roundtrips": "commands to Redis per job, and the purpose of each",
}


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nBenches:\n" + "\n".join(f"  {name:17} {what}" for name, what in BENCHES.items()),
)
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHES)), metavar="[NAME]...")
@click.option(
    "--jobs",
    type=click.IntRange(20, 5_000_000),
    metavar="N",
    help="The number of jobs, instead of the default of each bench.",
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the figures to this file.",
)
def main(names: tuple[str, ...], jobs: int | None, json_path: Path | None) -> None:
    """Measure Dialer, a plain Celery task and the guide's script: with all benches, or those named."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    started, before = time.monotonic(), machine()
    print(f"{described()}\nClients, workers, Redis and simulator share these cores.\n", flush=True)
    reports: dict[str, BenchReport] = {}
    faults: dict[str, str] = {}
    for name in names or BENCHES:
        try:
            bench = importlib.import_module(f"bench.{name}")
            reports[name] = bench.run(Task(jobs=jobs, print_progress=partial(_print_progress_of, name)))
        except (Failed, RedisError, RedisUnavailableError, SimulatorDidNotStart) as error:
            faults[name] = str(error)
        print_progress("")
        print(f"{table(name, reports[name]) if name in reports else f'{name}: FAILED: {faults[name]}'}\n", flush=True)
    print(verdict(reports))
    for name in faults:
        print(f"  not measured: {name}")
    print(f"Measured in {time.monotonic() - started:.0f} s; load average now {machine()['load']}.")
    if json_path:
        found = {name: report.as_json() for name, report in reports.items()}
        json_path.write_text(json.dumps({"machine": before, "benches": found, "failed": faults}, indent=2) + "\n")
    missed = any(figure.met() is False for report in reports.values() for figure in report.figures)
    raise SystemExit(1 if missed or faults else 0)


def _print_progress_of(name: str, text: str) -> None:
    print_progress(f"{name}: {text}")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
