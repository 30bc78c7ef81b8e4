"""`dialer show`: the record of one job."""

import json

import pytest
from redis import Redis

from config.settings import Profile
from tasks.codes import Code, State, fix_of
from tasks.results import CallResult
from tests.support.ground import Ground, end_call, job
from tests.unit.conftest import Run


def test_the_record_as_one_object(run_here: Run, real_redis: Redis) -> None:
    ground = Ground.over(real_redis)
    ground.end(ground.sending(job()), State.PLACED, Code.PLACED, conversation_id="c-1")
    result = run_here("show", "order-42", "--json")
    assert result.exit_code == 0
    shown = json.loads(result.stdout)
    changes = [(change["state"], change["reason"], change["worker"]) for change in shown.pop("history")]
    assert changes == [("queued", "", ""), ("sending", "", "w1"), ("placed", "placed", "")]
    assert shown == ground.record("order-42")


def test_for_people_with_the_last_changes(run_here: Run, real_redis: Redis) -> None:
    ground = Ground.over(real_redis)
    ground.requeue(ground.sending(job()), delay_s=60, code=Code.COULD_NOT_CONNECT)
    _, changes = run_here("show", "order-42").stdout.split("\n\n")
    header, *lines = changes.splitlines()
    assert header.split() == ["time", "state", "reason", "worker"]
    assert [line.split()[1:] for line in lines] == [["queued"], ["sending", "w1"], ["scheduled", "could_not_connect"]]


def test_for_people_with_the_words_for_its_code(run_here: Run, real_redis: Redis) -> None:
    ground = Ground.over(real_redis)
    claim = ground.sending(job())
    ground.requeue(claim, delay_s=60, code=Code.COULD_NOT_CONNECT)
    lines = dict(line.split(None, 1) for line in run_here("show", "order-42").stdout.split("\n\n")[0].splitlines())
    assert list(lines)[:3] == ["id", "state", "code"]
    assert lines["code"] == "could_not_connect"
    assert "No connection to Genesys Cloud" in lines["message"]
    assert lines["hint"].startswith("Check the network")
    assert lines["to"] == "+12125551234"


@pytest.mark.parametrize("profile", Profile)
def test_a_job_that_waits_gets_the_words_of_the_profile(run_here: Run, real_redis: Redis, profile: Profile) -> None:
    ground = Ground.over(real_redis)
    ground.requeue(ground.sending(job()), delay_s=60, code=Code.INSUFFICIENT_PERMISSIONS)
    output = run_here("show", "order-42", GENESYS_CLOUD_PROFILE=profile).stdout
    assert fix_of(Code.INSUFFICIENT_PERMISSIONS, profile) in output


def test_nobody_knows_it(run_here: Run) -> None:
    result = run_here("show", "nobody\x1b[2J")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(r"Error: no job 'nobody\x1b[2J': ")


def test_what_producers_wrote_cannot_steer_the_terminal(run_here: Run, real_redis: Redis) -> None:
    Ground.over(real_redis).ledger.accept([job("a", to="\x1b]0;hi\x07\u202e+1")])
    for args in (["show", "a"], ["show", "a", "--json"], ["list", "--state", "queued"]):
        output = run_here(*args).stdout
        assert "hi" in output
        assert output.replace("\n", "").isascii()
        assert output.replace("\n", "").isprintable()


def test_a_call_that_ended_says_what_its_result_means(run_here: Run, real_redis: Redis) -> None:
    end_call(Ground.over(real_redis), "order-42", CallResult.BUSY)
    lines = dict(line.split(None, 1) for line in run_here("show", "order-42").stdout.split("\n\n")[0].splitlines())
    assert (lines["state"], lines["result"], lines["result_detail"]) == ("placed", "busy", "sip:486")
    assert lines["message"] == "Genesys Cloud accepted the call. The callee's line was busy."
    assert lines["hint"] == "Call again later, under a new id."
