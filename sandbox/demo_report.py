"""The report at the end of the demo: outcomes by code, the calls that the simulator received, and two records."""

from collections import Counter
from typing import Any

import click

from config.settings import Profile
from tasks.codes import OUTCOMES, WORDS, Code, State
from tasks.ledger.records import Record, Records
from worker.cli.output import print_table
from worker.cli.show import print_record


def report(records: Records, batch: str, simulator: dict[str, Any]) -> bool:
    """Print the report. Return whether Dialer's records agree with the simulator's call log."""
    found = sorted(_all(records, batch), key=lambda record: str(record["id"]))
    counted = Counter((State(record["state"]), Code(record["code"])) for record in found)
    print_table(
        ("state", "code", "jobs", "meaning"),
        [(state, code, count, WORDS[code].meaning) for (state, code), count in counted.most_common()],
    )
    placed = sum(record["state"] == State.PLACED for record in found)
    calls, twice = simulator["calls"], simulator["numbers_called_twice"]
    click.echo(f"\nCalls that the simulator received: {calls}; placed: {placed}; numbers called twice: {twice}.")
    click.echo("\nEvery job can be looked up by its id:")
    for state in (State.PLACED, State.REJECTED):
        record = next((record for record in found if record["state"] == state), None)
        if record:
            click.echo(f"\n$ dialer show {record['id']}")
            print_record(record, Profile.GUIDE)
    return bool(calls == placed and not twice)


def _all(records: Records, batch: str) -> list[Record]:
    return [
        record
        for state in State
        if state in OUTCOMES
        for record in records.page(state, batch=batch, limit=1000).records
    ]
