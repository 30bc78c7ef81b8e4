"""The report at the end of the demo: outcomes, results, the calls that the simulator received, and two records."""

from collections import Counter
from typing import Any

import click
from redis import Redis

from config.settings import Profile
from tasks.codes import OUTCOMES, WORDS, Code, State
from tasks.ledger.by_hand import by_hand
from tasks.ledger.records import Record, Records
from tasks.results import RESULT_WORDS, CallResult
from worker.cli.output import print_table
from worker.cli.show import print_record


def report(redis: Redis, batch: str, simulator: dict[str, Any]) -> bool:
    """Print the report. Return whether Dialer's records agree with the simulator's call log."""
    records = Records(redis)
    found = sorted(_all(records, batch), key=lambda record: str(record["id"]))
    counted = Counter((State(record["state"]), Code(record["code"])) for record in found)
    print_table(
        ("state", "code", "jobs", "meaning"),
        [(state, code, count, WORDS[code].meaning) for (state, code), count in counted.most_common()],
    )
    click.echo()
    results = records.results(batch)
    print_table(
        ("result", "calls", "meaning"),
        [(result, count, RESULT_WORDS[CallResult(result)].meaning) for result, count in results.items()],
    )
    placed = sum(record["state"] == State.PLACED for record in found)
    calls, twice = simulator["calls"], simulator["numbers_called_twice"]
    click.echo(f"\nCalls that the simulator received: {calls}; placed: {placed}; numbers called twice: {twice}.")
    people = sum(1 for _ in by_hand(redis, batch, Profile.PUBLIC))
    click.echo(f"Whom a person has to call: {people} (dialer batch {batch} --by-hand).")
    click.echo("\nEvery job can be looked up by its id:")
    for state in (State.PLACED, State.REJECTED):
        record = next((record for record in found if record["state"] == state), None)
        if record:
            click.echo(f"\n$ dialer show {record['id']}")
            print_record(record, Profile.PUBLIC)
    return bool(calls == placed and not twice)


def _all(records: Records, batch: str) -> list[Record]:
    return [
        record
        for state in State
        if state in OUTCOMES
        for record in records.page(state, batch=batch, limit=1000).records
    ]
