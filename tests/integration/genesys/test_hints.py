"""A refused job says what to do in the words of the profile, in its record and in the worker's log."""

import pytest
from redis import Redis

from config.settings import Profile
from sandbox.simulator.process import Simulator
from tasks.codes import Code, State, fix_of
from tests.integration.conftest import StartWorker
from tests.support.fleet import wait_for
from tests.support.ground import Ground, jobs


@pytest.mark.parametrize("profile", Profile)
def test_a_missing_permission_is_named_as_the_profile_names_it(
    real_redis: Redis, simulator: Simulator, start_worker: StartWorker, profile: Profile
) -> None:
    simulator.behave(permissions=[])
    ground = Ground.over(real_redis)
    ground.ledger.accept(jobs(20, batch="b"))
    worker = start_worker(GENESYS_CLOUD_PROFILE=profile, GENESYS_CLOUD_LOGIN_URL=simulator.url)
    told = fix_of(Code.INSUFFICIENT_PERMISSIONS, profile)
    wait_for(lambda: f"Fix: {told}" in worker.output(), 30)
    hints = {record["hint"] for record in ground.records.every(State.REJECTED)}
    assert hints == {told}
