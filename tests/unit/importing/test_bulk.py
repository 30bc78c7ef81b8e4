"""Jobs enter the ledger in chunks, and each row is counted."""

from redis import Redis

from tests.support.ground import Ground, job
from worker.importing.bulk import CHUNK, import_jobs
from worker.importing.rows import BadRow, JobRow
from worker.importing.summary import ImportSummary


def test_rows_are_entered_by_the_chunk(redis_client: Redis) -> None:
    ground, summary = Ground.over(redis_client), ImportSummary()
    rows: list[JobRow | BadRow] = [JobRow(n, job(f"j{n}")) for n in range(2 * CHUNK)]
    rows += [BadRow(number=9999, code="invalid_field", message="bad"), JobRow(10_000, job("j1", to="+1"))]
    steps = [(each.rows, each.entered) for each in import_jobs(rows, ground.ledger, summary)]
    assert steps == [(CHUNK, CHUNK), (2 * CHUNK, 2 * CHUNK), (2 * CHUNK + 2, 2 * CHUNK)]
    assert (summary.bad, summary.conflicting) == (1, 1)
