"""What it costs to follow placed calls to their end, and what a limit of calls for each user does to the pace."""

import random
from itertools import pairwise
from statistics import median
from typing import Any, Final

from bench.figures import PRODUCT, Bar, BenchReport, Figure, Task
from bench.processes import wait_until
from bench.stand import BATCH, Stand
from tasks.job import Job

#: The pace of the default setting.
_LIMIT: Final = "300/60s"
_PER_MINUTE: Final = 300
#: As many users as calls of this length need at that pace, and some more.
_TALKING_S: Final = 30.0
_USERS: Final = 220
_WAIT_S: Final = 600.0
#: The simulator's magic numbers of calls that end in different ways.
_NUMBERS: Final = ("+12125550100", "+12125550101", "+12125550102", "+12125550105", "+12125550107")
#: One user whose calls take two seconds each.
_ONE_USER: Final[dict[str, Any]] = {"contacting_s": 0.2, "dialing_s": 0.3, "talking_s": 1.5, "analytics_lag_s": 0.5}
_SHORT_CALL_S: Final = 2.0
_SHORT_CALLS: Final = 15
#: Contender -> DIALER_FOLLOW_UP.
_WAYS: Final = {f"{PRODUCT}, events": "on", f"{PRODUCT}, look-ups": "lookups", f"{PRODUCT}, off": "off"}


def run(task: Task) -> BenchReport:
    count = task.count(600, least=100)
    requests: dict[str, float | None] = {}
    rates: dict[str, float | None] = {}
    gaps: dict[str, float | None] = {}
    for name, follow_up in _WAYS.items():
        requests[name], rates[name] = _at_full_pace(task, count, name, follow_up)
        if follow_up != "off":
            gaps[name] = _next_call_s(task, name, follow_up)
    return BenchReport(
        title="following calls",
        conditions=(
            f"{count:,} calls of {_TALKING_S:g} s or less for {_USERS} users, 2 workers, {_LIMIT}, analytics 5 s "
            f"behind; then {_SHORT_CALLS} calls of {_SHORT_CALL_S:g} s for one user"
        ),
        figures=[
            Figure(name="requests a call beside its own", values=requests, bar=Bar(most=0.1)),
            Figure(name="share of the allowed rate", unit="%", values=rates),
            Figure(name="from a call's end to the user's next call, median", unit="s", values=gaps),
        ],
    )


def _at_full_pace(task: Task, count: int, name: str, follow_up: str) -> tuple[float, float]:
    """Return the requests a call beside its own, and the calls a minute as a share of the limit."""
    with Stand(limit=_LIMIT, profile="public", talking_s=_TALKING_S) as stand:
        users = ",".join(f"user-{n}" for n in range(_USERS))
        stand.environ |= {
            "GENESYS_CLOUD_PROFILE": "public",
            "GENESYS_CLOUD_USER_ID": users,
            "DIALER_FOLLOW_UP": follow_up,
        }
        stand.accept([Job(id=f"job-{n}", to=random.choice(_NUMBERS), batch=BATCH) for n in range(count)])
        stand.start_dialer(2)
        task.print_progress(f"{name}: {count} calls at {_LIMIT}")
        wait_until(lambda: stand.counts()["placed"] == count, _WAIT_S, "the calls", look_s=1)
        if follow_up != "off":
            task.print_progress(f"{name}: results")
            wait_until(lambda: sum(stand.records.results(BATCH).values()) == count, _WAIT_S, "the results", look_s=1)
        others = sum("calls/user" not in request["route"] for request in stand.simulator.requests())
        rang = sorted(call["time"] for call in stand.simulator.calls())
        rate = (count - 1) / float(rang[-1] - rang[0]) * 60
    return others / count, rate / _PER_MINUTE * 100


def _next_call_s(task: Task, name: str, follow_up: str) -> float:
    """Return the seconds from the end of a user's call to the user's next call."""
    with Stand(limit=_LIMIT, profile="public", **_ONE_USER) as stand:
        stand.environ |= {"GENESYS_CLOUD_PROFILE": "public", "DIALER_FOLLOW_UP": follow_up}
        stand.accept([Job(id=f"job-{n}", to=_NUMBERS[0], batch=BATCH) for n in range(_SHORT_CALLS)])
        stand.start_dialer(2)
        task.print_progress(f"{name}: {_SHORT_CALLS} calls of one user")
        wait_until(lambda: stand.counts()["placed"] == _SHORT_CALLS, _WAIT_S, "the calls", look_s=1)
        rang = sorted(call["time"] for call in stand.simulator.calls())
    return float(median(later - earlier - _SHORT_CALL_S for earlier, later in pairwise(rang)))
