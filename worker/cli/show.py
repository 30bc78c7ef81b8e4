"""`dialer show`: prints the record of one job."""

from dataclasses import asdict, astuple
from typing import Any

import click

from config.settings import Profile
from tasks.codes import WORDS, Code, fix_of
from tasks.ledger.evidence import in_words, look_of
from tasks.ledger.history import history
from tasks.ledger.records import Record, Records
from tasks.results import RESULT_WORDS, CallResult
from worker.cli.examples import examples
from worker.cli.output import print_fields, print_json, print_table
from worker.cli.store import no_job, settings_of, store

_FIRST = ("id", "state", "code", "message", "hint")


@click.command("show", epilog=examples("dialer show order-42", "dialer show order-42 --json | jq -r .state"))
@click.argument("job_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print the record as one JSON object.")
def command(job_id: str, *, as_json: bool) -> None:
    """Show the record of the job ID, and its last changes. The exit code is 3 if there is none."""
    settings = settings_of()
    with store(settings) as redis:
        record, changes = Records(redis).show(job_id), history(redis, job_id)
    if record is None:
        raise no_job(job_id)
    if as_json:
        print_json(record | {"history": [asdict(change) for change in changes]})
        return
    print_record(record, settings.profile)
    if changes:
        click.echo()
        print_table(("time", "state", "reason", "worker"), (astuple(change) for change in changes))


def print_record(record: Record, profile: Profile) -> None:
    """Print the fields of a record, the most important first, with the meaning of its code."""
    fields = dict(record)
    words = WORDS.get(Code(fields["code"])) if fields.get("code") in set(Code) else None
    if words:
        fields["message"] = fields.get("message") or words.meaning
        fields["hint"] = fields.get("hint") or fix_of(Code(fields["code"]), profile)
    if result := fields.get("result"):
        told = RESULT_WORDS[CallResult(result)]
        fields |= {"message": f"{fields['message']} {told.meaning}", "hint": told.fix}
    looks = fields.pop("evidence", [])
    lines: list[tuple[str, Any]] = [(name, fields.pop(name, None)) for name in _FIRST]
    evidence = [("evidence", line) for line in in_words([look_of(each) for each in looks])] if looks else []
    print_fields([*lines, *sorted([*fields.items(), *evidence], key=lambda field: field[0])])
