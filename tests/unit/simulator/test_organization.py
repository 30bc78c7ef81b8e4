import random

import pytest

from sandbox.simulator.behavior import Behavior
from sandbox.simulator.call_request import RequestedCall
from sandbox.simulator.calls import CallLog
from sandbox.simulator.changes import BadBehavior
from sandbox.simulator.course import Durations, Result
from sandbox.simulator.organization import Organization
from sandbox.simulator.traffic import Traffic

NUMBERS = [f"+1212666{last:04d}" for last in range(2000)]


def test_an_ordinary_number_meets_no_fault() -> None:
    assert Organization(Behavior()).next_fault("+12126660000") == ""


def test_a_magic_number_meets_its_fault_each_time_or_once() -> None:
    organization = Organization(Behavior())
    assert [organization.next_fault("+12125550130") for _ in range(3)] == ["server_error"] * 3
    assert [organization.next_fault("+12125550120") for _ in range(3)] == ["rate_limited", "", ""]
    organization.reset()
    assert organization.next_fault("+12125550120") == "rate_limited"


def test_an_outage_comes_first_and_uses_no_magic_up() -> None:
    organization = Organization(Behavior())
    organization.change({"outage": "hang"})
    assert organization.next_fault("+12125550120") == "hang"
    organization.change({"outage": ""})
    assert organization.next_fault("+12125550120") == "rate_limited"


def drawn(seed: int, numbers: list[str]) -> dict[str, str]:
    organization = Organization(Behavior(faults={"reset": 0.2, "server_error": 0.1}, fault_seed=seed))
    return {number: organization.next_fault(number) for number in numbers}


def test_chance_has_the_shares_asked_for() -> None:
    faults = list(drawn(1, NUMBERS).values())
    assert faults.count("reset") == pytest.approx(400, abs=80)
    assert faults.count("server_error") == pytest.approx(200, abs=60)


def test_the_same_seed_gives_the_same_faults_in_whatever_order_calls_arrive() -> None:
    shuffled = random.Random(5).sample(NUMBERS, len(NUMBERS))
    assert drawn(1, shuffled) == drawn(1, NUMBERS)
    assert drawn(2, NUMBERS) != drawn(1, NUMBERS)


def test_another_attempt_is_another_throw() -> None:
    organization = Organization(Behavior(faults={"reset": 0.5}))
    assert {organization.next_fault("+12126660000") for _ in range(30)} == {"", "reset"}


def test_a_reset_forgets_everything_and_goes_back_to_the_first_behavior() -> None:
    organization = Organization(Behavior(rate_limit=5))
    organization.change({"rate_limit": 9})
    organization.tokens.issue("dialer", 10.0)
    organization.traffic.arrive("GET /")
    wanted = RequestedCall(to="+12125550100", from_="", user_id="u")
    organization.calls.ring(wanted, client="dialer", result=Result.BUSY, durations=organization.behavior.durations)
    organization.channels.create("dialer", 10.0)
    organization.reset()
    assert len(organization.channels) == 0
    assert organization.behavior.rate_limit == 5
    assert (organization.tokens.alive(), organization.traffic.total, len(organization.calls)) == (0, 0, 0)


def test_a_bad_change_changes_nothing() -> None:
    organization = Organization(Behavior())
    with pytest.raises(BadBehavior):
        organization.change({"rate_limit": 9, "typo": 1})
    assert organization.behavior == Behavior()


def test_the_call_log_has_pages_and_counts_duplicates() -> None:
    log = CallLog(lambda: 1000.0)
    for to in ("+12125550100", "+12125550105", "+12125550100"):
        attributes = {"dialerJobId": f"job-{to}"}
        wanted = RequestedCall(to=to, from_="+12125559876", user_id="u", attributes=attributes)
        log.ring(wanted, client="dialer", result=Result.USER_HANGS_UP, durations=Durations(1, 60, 3, 10))
    assert [call.n for call in log.after(1)] == [2, 3]
    assert [call.n for call in log.after(0, 2)] == [1, 2]
    assert log.most_per_number()["+12125550100"] == 2
    assert log.after(0)[0].as_json()["job_id"] == "job-+12125550100"


def test_traffic_counts_what_was_told_and_the_most_in_flight() -> None:
    traffic = Traffic(lambda: 1000.0)
    first, second = traffic.arrive("POST /calls"), traffic.arrive("POST /calls")
    second.status = 201
    traffic.leave(first)
    traffic.leave(second)
    assert (traffic.total, traffic.in_flight, traffic.max_in_flight) == (2, 0, 2)
    assert traffic.counts() == {"POST /calls": {"none": 1, "201": 1}}
    assert [visit.n for visit in traffic.after(1)] == [2]
