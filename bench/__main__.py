"""`python -m bench [NAME…]`: measure, show progress, and print the figures side by side.

Everything runs on loopback, against a Redis and a simulator of its own; nothing real is called. The exit code is 1
when a figure misses its bar, or could not be measured.
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
from bench.progress import say
from bench.table import table, verdict
from sandbox.embedded_redis import RedisUnavailableError
from sandbox.simulator.process import SimulatorDidNotStart

#: Name -> what it measures, in the order in which they run.
BENCHES: Final = {
    "pace": "how much of a rate limit is used, and how many 429s that costs",
    "recovery": "what happens after a 429",
    "outage": "an API that swallows every request for 30 s, and a backlog",
    "misconfiguration": "wrong secret, revoked client, missing permission, unverified caller ID, and a backlog",
    "throughput": "calls a second without a limit",
    "enqueue": "jobs a second into the queue, and the memory of an import",
    "lookups": "records read a second, and a page of a batch's failed jobs",
    "memory": "bytes a job in Redis, and a worker's memory against its backlog",
    "due": "how late a job is that was due at an instant",
    "roundtrips": "commands to Redis a job, and what each is for",
}


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nBenches:\n" + "\n".join(f"  {name:17} {what}" for name, what in BENCHES.items()),
)
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHES)), metavar="[NAME]...")
@click.option(
    "--jobs", type=click.IntRange(20, 5_000_000), metavar="N", help="How many, in place of each bench's own number."
)
@click.option(
    "--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures to this file too."
)
def main(names: tuple[str, ...], jobs: int | None, json_path: Path | None) -> None:
    """Measure Dialer beside a plain Celery task and the guide's script; all benches, or those named."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    started, before = time.monotonic(), machine()
    print(f"{described()}\nClients, workers, Redis and simulator share these cores.\n", flush=True)
    reports: dict[str, BenchReport] = {}
    faults: dict[str, str] = {}
    for name in names or BENCHES:
        try:
            bench = importlib.import_module(f"bench.{name}")
            reports[name] = bench.run(Task(jobs=jobs, say=partial(_say_of, name)))
        except (Failed, RedisError, RedisUnavailableError, SimulatorDidNotStart) as error:
            faults[name] = str(error)
        say("")
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


def _say_of(name: str, text: str) -> None:
    say(f"{name}: {text}")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
