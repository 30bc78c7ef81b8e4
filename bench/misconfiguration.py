"""A fault of the configuration in front of a backlog: how many jobs end for it, and what becomes of the others."""

import time
from collections import Counter
from typing import Any, Final

from bench.figures import Bar, Figure, Report, Task
from bench.processes import wait_until
from bench.stand import Stand, jobs

_FAULT_S: Final = 15.0
_WORKERS: Final = 4

#: Name -> the simulator's behaviour while it is wrong, and when it is mended.
_FAULTS: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "wrong secret": ({"client_secret": "another"}, {"client_secret": "sandbox-secret"}),
    "missing permission": ({"may_place_calls": False}, {"may_place_calls": True}),
    "unverified caller ID": ({"verified_caller_ids": ["+12125550000"]}, {"verified_caller_ids": None}),
}


def run(task: Task) -> Report:
    count = task.count(5000)
    found = {name: _meet(task, name, count) for name in [*_FAULTS, "revoked client"]}
    return Report(
        title="a wrong configuration, mended without a restart",
        conditions=f"{count:,} jobs, {_WORKERS} workers of 8 threads; wrong for {_FAULT_S:g} s",
        figures=[
            _row("rejected for it", found, "rejected", Bar(most=10)),
            _row("placed once mended, or rejected for it", found, "ended", Bar(least=count)),
            _row("from mending to the last call", found, "drained_s", None),
        ],
    )


def _row(name: str, found: dict[str, Counter[str]], key: str, bar: Bar | None) -> Figure:
    values: dict[str, float | None] = {f"Dialer, {fault}": float(counts[key]) for fault, counts in found.items()}
    return Figure(name=name, unit="s" if key.endswith("_s") else "", values=values, bar=bar)


def _meet(task: Task, name: str, count: int) -> Counter[str]:
    wrong, mended = _FAULTS.get(name, _FAULTS["wrong secret"])
    task.say(name)
    with Stand() as stand:
        if name == "revoked client":  # it worked before: the fleet has a token, and loses it
            stand.start_dialer(_WORKERS)
            stand.accept(jobs(1, first=count))
            wait_until(lambda: stand.counts()["placed"] == 1, 60, "the first job")
            count += 1
        stand.simulator.behave(**wrong)
        stand.simulator.revoke_tokens()
        stand.accept(jobs(count))
        if name != "revoked client":
            stand.start_dialer(_WORKERS)
        time.sleep(_FAULT_S)
        stand.simulator.behave(**mended)
        since = time.monotonic()
        wait_until(lambda: stand.counts()["open"] == 0, 300, "the end of the jobs", look_s=0.5)
        counts = stand.counts()
        counts["ended"] = counts["placed"] + counts["rejected"]
        counts["drained_s"] = round(time.monotonic() - since)
    return counts
