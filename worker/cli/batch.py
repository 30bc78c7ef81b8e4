"""`dialer batch`: shows the progress of a batch."""

import click

from tasks.ledger.records import Records
from worker.cli.examples import examples
from worker.cli.output import print_json, print_table
from worker.cli.store import require_batch, settings_of, store
from worker.cli.watch import show, watch_option


@click.command(
    "batch",
    epilog=examples("dialer batch spring", "dialer batch spring --watch", "dialer batch spring --json | jq .done"),
)
@click.argument("name", metavar="NAME")
@watch_option
@click.option(
    "--json", "as_json", is_flag=True, help="Print {batch, jobs, done, states, results} as one JSON object."
)
def command(name: str, *, watch: bool, as_json: bool) -> None:
    """Count the jobs of the batch NAME by outcome, and the placed calls by result.

    `open` counts the jobs without an outcome. A job is counted as long as its record is kept. The exit code is 3 if
    no job has the batch. --watch ends when all jobs have an outcome.
    """
    settings = settings_of()
    with store(settings) as redis:
        require_batch(redis, name)
        records = Records(redis)
        show(lambda: _print(records.counts(name), records.results(name), name, as_json=as_json), watch=watch)


def _print(counts: dict[str, int], results: dict[str, int], name: str, *, as_json: bool) -> bool:
    """Print the counts; return whether a job is open."""
    states = {state: count for state, count in counts.items() if count}
    jobs = sum(states.values())
    done = jobs - states.get("open", 0)
    if as_json:
        print_json({"batch": name, "jobs": jobs, "done": done, "states": states, "results": results})
    else:
        print_table(("state", "jobs"), states.items())
        if results:
            click.echo()
            print_table(("result", "calls"), results.items())
        click.echo(f"{done} of {jobs} done")
    return done < jobs
