"""The circuit breaker: a systemic failure pauses the fleet after a few jobs; then one probe at a time is sent."""

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.errors import NotPlaced, Refused, Unknown
from tasks.fleet.pause import PauseReason
from tasks.store import keys
from tests.support.desk import PLACED, Desk
from tests.support.ground import Ground, job


@pytest.fixture
def desk(fake_redis: Redis) -> Desk:
    return Desk(Ground.over(fake_redis))


class TestBadAnswersInARow:
    """A failure that affects every job opens the breaker after a few jobs."""

    def test_refusals_of_one_kind(self, desk: Desk) -> None:
        desk.api.answers = [Refused(Code.INSUFFICIENT_PERMISSIONS, "missing scope", http_status=403)]
        for n in range(8):
            desk.dial(job(f"j{n}"))
        states = [desk.ground.state(f"j{n}") for n in range(8)]
        # The sixth opened the breaker: this job and all others keep their place.
        assert states == ["rejected"] * 5 + ["queued"] * 3
        assert len(desk.api.asked) == 6
        assert desk.ground.record("j5")["attempts"] == 0
        (entry,) = desk.pause.entries()
        assert (entry.reason, entry.message) == (PauseReason.REFUSAL, "insufficient_permissions: missing scope")

    @pytest.mark.parametrize(
        "codes",
        [
            [Code.INSUFFICIENT_PERMISSIONS, Code.INVALID_FROM_ADDRESS, Code.NOT_FOUND],
            [Code.MALFORMED_PARTICIPANT_ADDRESS],
            [Code.BAD_REQUEST],
            [Code.BAD_REQUEST, Code.NO_STATION],
        ],
    )
    def test_refusals_count_in_a_row_whatever_their_codes(self, desk: Desk, codes: list[Code]) -> None:
        """A systemic fault may cause several codes, also a code that could be the fault of one number."""
        desk.api.answers = [Refused(codes[n % len(codes)]) for n in range(12)]
        for n in range(12):
            desk.dial(job(f"j{n}"))
        assert [desk.ground.state(f"j{n}") for n in range(12)] == ["rejected"] * 5 + ["queued"] * 7
        assert [entry.reason for entry in desk.pause.entries()] == [PauseReason.REFUSAL]

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"caller_id": "+12125550000"}, Code.INVALID_FROM_ADDRESS),
            ({"user_id": "gone"}, Code.NOT_FOUND),
            ({"user_id": "phoneless"}, Code.NO_STATION),
        ],
    )
    def test_a_value_that_a_job_sets_is_its_own_fault(self, desk: Desk, fields: dict[str, str], code: Code) -> None:
        """One wrong producer must not pause the fleet."""
        desk.api.answers = [Refused(code)]
        for n in range(12):
            desk.dial(job(f"j{n}", **fields))
        assert {desk.ground.state(f"j{n}") for n in range(12)} == {"rejected"}
        assert desk.pause.entries() == []

    def test_a_placed_call_starts_the_count_anew(self, desk: Desk) -> None:
        refused = Refused(Code.INSUFFICIENT_PERMISSIONS)
        desk.api.answers = [*[refused] * 5, PLACED, *[refused] * 5]
        for n in range(11):
            desk.dial(job(f"j{n}"))
        assert desk.pause.entries() == []

    def test_unknown_answers(self, desk: Desk) -> None:
        desk.api.answers = [Unknown(Code.NO_ANSWER_FROM_API)]
        for n in range(8):
            desk.dial(job(f"j{n}"))
        assert [desk.ground.state(f"j{n}") for n in range(8)] == ["unconfirmed"] * 6 + ["queued"] * 2
        assert [entry.reason for entry in desk.pause.entries()] == [PauseReason.OUTAGE]

    def test_an_outage_costs_no_attempt_once_it_is_known(self, desk: Desk) -> None:
        desk.api.answers = [NotPlaced(Code.COULD_NOT_CONNECT)]
        for n in range(7):
            desk.dial(job(f"j{n}"))
        assert [desk.ground.record(f"j{n}")["attempts"] for n in range(7)] == [1] * 5 + [0, 0]

    def test_probes_go_out_one_by_one_at_growing_distance(self, desk: Desk) -> None:
        desk.api.answers = [Unknown(Code.NO_ANSWER_FROM_API)]
        for n in range(6):
            desk.dial(job(f"j{n}"))
        distances = []
        for n in range(6, 12):
            (entry,) = desk.pause.entries()
            assert entry.until
            distances.append(round((entry.until - entry.since).total_seconds()))
            desk.ground.advance(distances[-1] + 1)
            desk.dial(job(f"j{n}"))
            assert desk.ground.state(f"j{n}") == "unconfirmed"
        assert distances == [5, 10, 20, 40, 60, 60]

    def test_while_a_probe_is_in_progress_nothing_else_is_sent(self, desk: Desk) -> None:
        desk.ground.redis.hset(keys.breaker, "open", "outage")
        desk.ground.sending(job("probe"))
        desk.dial(job("other"))
        assert (desk.ground.state("other"), desk.api.asked) == ("queued", [])

    def test_the_first_good_answer_ends_it(self, desk: Desk) -> None:
        desk.api.answers = [*[Unknown(Code.NO_ANSWER_FROM_API)] * 6, PLACED]
        for n in range(6):
            desk.dial(job(f"j{n}"))
        desk.ground.advance(6)
        for n in range(6, 10):
            desk.dial(job(f"j{n}"))
        assert {desk.ground.state(f"j{n}") for n in range(6, 10)} == {"placed"}
        assert desk.pause.entries() == []

    def test_a_probe_that_is_placed_ends_the_pause(self, desk: Desk) -> None:
        """Answers that arrived after the probe was sent may have extended the pause."""
        desk.api.answers = [Unknown(Code.NO_ANSWER_FROM_API)]
        claim = desk.ground.sending(job("slow"))
        for n in range(6):
            desk.dial(job(f"j{n}"))
        assert [entry.reason for entry in desk.pause.entries()] == [PauseReason.OUTAGE]
        desk.ground.end(claim, State.PLACED, Code.PLACED)
        assert desk.pause.entries() == []

    def test_failures_with_answers_between_them_are_no_outage(self, desk: Desk) -> None:
        desk.api.answers = [Unknown(Code.NO_ANSWER_FROM_API), Refused(Code.INVALID_FROM_ADDRESS)] * 8
        for n in range(16):
            desk.dial(job(f"j{n}", caller_id="+12125550000"))
        assert {desk.ground.state(f"j{n}") for n in range(16)} == {"unconfirmed", "rejected"}

    def test_requests_in_progress_do_not_delay_the_probe(self, desk: Desk) -> None:
        for claim in [desk.ground.sending(job(f"j{n}")) for n in range(9)]:
            desk.ground.answer(claim, Unknown(Code.NO_ANSWER_FROM_API))
        (entry,) = desk.pause.entries()
        assert entry.until
        assert (entry.until - entry.since).total_seconds() == pytest.approx(5, abs=0.5)

    def test_refusals_are_no_silence(self, desk: Desk) -> None:
        """Rare answers are still answers."""
        desk.api.answers = [Refused(Code.INVALID_FROM_ADDRESS)]
        for n in range(12):
            desk.dial(job(f"j{n}", caller_id="+12125550000"))
            desk.ground.advance(2)
        assert len(desk.api.asked) == 12

    def test_a_person_ends_it(self, desk: Desk) -> None:
        desk.api.answers = [*[Refused(Code.NOT_FOUND)] * 6, PLACED]
        for n in range(6):
            desk.dial(job(f"j{n}"))
        assert desk.pause.end(*PauseReason) == 1
        desk.dial(job("j6"))
        assert desk.ground.state("j6") == "placed"

    def test_no_more_than_ten_requests_are_sent_into_silence(self, desk: Desk) -> None:
        for n in range(10):
            desk.ground.sending(job(f"j{n}"))
        desk.dial(job("eleventh"))
        assert (desk.ground.state("eleventh"), desk.api.asked) == ("queued", [])
        assert [entry.reason for entry in desk.pause.entries()] == [PauseReason.SILENCE]

    def test_a_time_out_is_no_answer(self, desk: Desk) -> None:
        """Otherwise the first of ten requests that time out together would let ten more be sent."""
        for n in range(10):
            desk.ground.sending(job(f"j{n}"))
        desk.ground.redis.hset(keys.breaker, "unanswered", 9)
        desk.api.answers = [Unknown(Code.NO_ANSWER_FROM_API)]
        desk.dial(job("times-out"))
        desk.dial(job("eleventh"))
        assert desk.ground.state("eleventh") == "queued"
        assert len(desk.api.asked) == 1

    def test_silence_after_deaths_ends_with_their_lease(self, desk: Desk) -> None:
        """Requests of dead workers never get an answer."""
        for n in range(10):
            desk.ground.sending(job(f"j{n}"))
        desk.ground.end_leases()
        desk.dial(job("eleventh"))
        assert desk.ground.state("eleventh") == "placed"
