"""What it costs to follow placed calls to their end."""

import random
from typing import Final

from bench.figures import PRODUCT, Bar, BenchReport, Figure, Task
from bench.processes import wait_until
from bench.stand import BATCH, Stand
from tasks.job import Job

#: The pace of the default setting.
_LIMIT: Final = "300/60s"
_TALKING_S: Final = 60.0
_WAIT_S: Final = 600.0
#: The simulator's magic numbers of calls that end in different ways.
_NUMBERS: Final = ("+12125550100", "+12125550101", "+12125550102", "+12125550105", "+12125550107")


def run(task: Task) -> BenchReport:
    count = task.count(900)
    with Stand(limit=_LIMIT, profile="public", talking_s=_TALKING_S) as stand:
        stand.environ |= {"GENESYS_CLOUD_PROFILE": "public"}
        stand.accept([Job(id=f"job-{n}", to=random.choice(_NUMBERS), batch=BATCH) for n in range(count)])
        stand.start_dialer(2)
        task.print_progress(f"{count} calls at {_LIMIT}")
        wait_until(lambda: stand.counts()["placed"] == count, _WAIT_S, "the calls", look_s=1)
        task.print_progress("results")
        wait_until(lambda: sum(stand.records.results(BATCH).values()) == count, _WAIT_S, "the results", look_s=1)
        look_ups = sum(request["route"].startswith("GET") for request in stand.simulator.requests())
    return BenchReport(
        title="following calls",
        conditions=f"{count:,} calls of {_TALKING_S:g} s or less, 2 workers, {_LIMIT}, analytics 5 s behind",
        figures=[
            Figure(name="requests a call beside its own", values={PRODUCT: look_ups / count}, bar=Bar(most=0.1)),
        ],
    )
