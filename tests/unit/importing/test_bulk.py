"""Jobs enter the ledger in chunks, and each row is counted."""

from redis import Redis

from tasks.job import Job
from tests.support.ground import Ground, job
from worker.importing.bulk import CHUNK, ImportSummary, import_jobs
from worker.importing.rows import BadRow


def test_rows_are_entered_by_the_chunk(redis_client: Redis) -> None:
    ground, summary = Ground.over(redis_client), ImportSummary()
    rows: list[tuple[int, Job] | BadRow] = [(n, job(f"j{n}")) for n in range(2 * CHUNK)]
    rows += [BadRow(number=9, code="invalid_field", message="bad"), (10, job("j1", to="+1"))]
    steps = [(each.rows, each.entered) for each in import_jobs(rows, ground.ledger, summary)]
    assert steps == [(CHUNK, CHUNK), (2 * CHUNK, 2 * CHUNK), (2 * CHUNK + 2, 2 * CHUNK)]
    assert (summary.bad, summary.conflicting) == (1, 1)
