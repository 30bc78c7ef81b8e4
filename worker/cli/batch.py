"""`dialer batch`: shows the progress of a batch."""

import click

from config.escaping import escape_unprintable
from tasks.ledger.records import Records
from worker.cli.errors import CommandError
from worker.cli.examples import examples
from worker.cli.output import print_json, print_table
from worker.cli.store import settings_of, store


@click.command("batch", epilog=examples("dialer batch spring", "dialer batch spring --json | jq .done"))
@click.argument("name", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="Print {batch, jobs, done, states} as one JSON object.")
def command(name: str, *, as_json: bool) -> None:
    """Count the jobs of the batch NAME by outcome; `open` counts those without an outcome.

    A job is counted as long as its record is kept. The exit code is 1 if the batch has no jobs.
    """
    settings = settings_of()
    with store(settings) as redis:
        counts = Records(redis).counts(name)
    states = {state: count for state, count in counts.items() if count}
    if not states:
        raise CommandError(
            f"no batch '{escape_unprintable(name)}': no job has this batch, or all its records have expired."
        )
    jobs = sum(states.values())
    done = jobs - states.get("open", 0)
    if as_json:
        print_json({"batch": name, "jobs": jobs, "done": done, "states": states})
        return
    print_table(("state", "jobs"), states.items())
    click.echo(f"{done} of {jobs} done")
