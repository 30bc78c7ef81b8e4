"""Reading records: pages, counts and single records, on a fake and a real Redis."""

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from tasks.codes import Code, State
from tests.support.ground import Ground, job


@pytest.fixture
def ground(redis_client: Redis) -> Ground:
    return Ground.over(redis_client)


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


class TestRecords:
    def test_pages_are_newest_first_and_follow_on(self, ground: Ground) -> None:
        for n in range(5):
            ground.end(ground.claim(job(f"j{n}", batch="b")), State.FAILED, Code.COULD_NOT_CONNECT)
        ground.end(ground.claim(job("other")), State.FAILED, Code.COULD_NOT_CONNECT)
        first = ground.records.page(State.FAILED, batch="b", limit=3)
        rest = ground.records.page(State.FAILED, batch="b", limit=3, after=first.after)
        assert [r["id"] for r in first.records] == ["j4", "j3", "j2"]
        assert [r["id"] for r in rest.records] == ["j1", "j0"]
        assert rest.after is None

    def test_open_jobs_are_told_apart_by_state(self, ground: Ground) -> None:
        ground.ledger.accept([job("later", batch="b", not_before=in_an_hour()), job("now", batch="b")])
        ground.claim(job("held", batch="b"))
        for state, expected in (("scheduled", "later"), ("queued", "now"), ("preparing", "held")):
            for batch in ("b", None):
                page = ground.records.page(State(state), batch=batch)
                assert [record["id"] for record in page.records] == [expected]
        assert ground.records.counts("b")["open"] == ground.records.counts()["open"] == 3

    def test_pages_lose_none_of_many_jobs_due_at_the_same_instant(self, ground: Ground) -> None:
        """There are more jobs than are read at a time, with several priorities."""
        later = in_an_hour()
        jobs = [job(f"j{n}", priority=4 + n % 3, not_before=later) for n in range(330)]
        ground.ledger.accept(jobs)
        found: list[str] = []
        after: str | None = None
        while page := ground.records.page(State.SCHEDULED, after=after, limit=70):
            found += [record["id"] for record in page.records]
            if not (after := page.after):
                break
        assert len(found) == 330
        assert set(found) == {each.id for each in jobs}

    @pytest.mark.parametrize("after", ["", "x", "1:2", "a:1.0:j", "0:x:j"])
    def test_a_cursor_that_no_page_gave(self, ground: Ground, after: str) -> None:
        if after:
            with pytest.raises(ValueError):
                ground.records.page(State.PLACED, after=after)
        else:
            assert ground.records.page(State.PLACED, after=after).records == []

    def test_nobody_knows_it(self, ground: Ground) -> None:
        assert ground.records.show("nobody") is None
