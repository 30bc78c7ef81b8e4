"""What workers do with the jobs of the model: claim, send, POST, and end; each step as late as may be."""

import json
from functools import partial
from typing import Any

from tasks.codes import Code, State
from tasks.ledger.claim import Claim, GateVerdict
from tasks.store import keys
from tests.model.chance import Chance
from tests.model.worker import Holder, Phase, PostAnswer
from tests.model.world import FLEET, World

_NUMBERS = {"to": "+12125551234", "caller_id": "+12125559876"}


class Dialing(World):
    def a_scheduler_nudges(self, chance: Chance) -> None:
        self.take(self.scheduler.nudge, chance)

    def a_nudge_is_delivered(self, chance: Chance) -> None:
        """Once, or twice, or never."""
        raw: Any = self.redis.rpop(keys.calls)
        if raw is None:
            return
        if chance.mood == 0:
            self.redis.rpush(keys.calls, raw)
        if chance.mood != 1:
            self.claim(json.loads(raw)["headers"]["job_id"], chance)

    def a_worker_takes_up_a_job(self, chance: Chance) -> None:
        """Also without a nudge: one may come from long ago."""
        self.claim(self.some_job(chance, "queued", "scheduled"), chance)

    def claim(self, job_id: str, chance: Chance) -> None:
        worker = self.workers[chance.pick % 2]
        claim = self.take(lambda: self.ledger.claim(job_id, worker=worker.name, wake_depth=2), chance)
        if isinstance(claim, Claim):
            assert not self.paused
            assert float(self.now.records[job_id]["_due_ms"]) <= self.clock()
            worker.holders.append(Holder(claim=claim, word=self.words[job_id]))
            self._freeze(worker.holders[-1], chance)

    def a_worker_goes_on(self, chance: Chance) -> None:
        found = [holder for holder in self.holders(*Phase) if holder.frozen <= self.steps]
        if not found:
            self.a_worker_takes_up_a_job(chance)
            return
        holder = found[chance.pick % len(found)]
        self._freeze(holder, chance)
        if holder.phase is Phase.CLAIMED:
            self._ask_to_send(holder, chance)
        elif holder.phase is Phase.GO:
            holder.phase, holder.answer = Phase.PAST, chance.answer
            if chance.answer in {PostAnswer.PLACED, PostAnswer.UNKNOWN}:
                self.rang.append((holder.job_id, holder.word, chance.answer))
        else:
            self._end(holder, chance)

    def _freeze(self, holder: Holder, chance: Chance) -> None:
        """Now and then a worker stops for long enough that others take over, and then goes on as if nothing was."""
        if chance.late:
            holder.frozen = self.steps + chance.pick * 2

    def a_worker_sends_nothing(self, chance: Chance) -> None:
        """A bad address, no token, a shutdown, or `go` came too late."""
        found = self.holders(Phase.CLAIMED, Phase.GO)
        if found:
            self._end(found[chance.pick % len(found)], chance)

    def _ask_to_send(self, holder: Holder, chance: Chance) -> None:
        known, asked = self.now.records[holder.job_id], self.clock()
        gate = self.take(lambda: self.ledger.send(holder.claim, **_NUMBERS, users=FLEET.users), chance)
        if gate is None or gate.verdict in {GateVerdict.WAIT, GateVerdict.BUSY, GateVerdict.PAUSED}:
            return
        if gate.verdict is GateVerdict.GO:
            assert int(known["_fence"]) == holder.claim.fence
            assert self.now.leases[holder.job_id] > asked
            if known["state"] != "sending":
                assert not self.paused
                assert float(known.get("_not_after_ms", "inf")) > asked
                is_free = self.now.calls_of.get(gate.user, 0) < (FLEET.calls_per_user or 0)
                assert is_free or self.now.holders.get(holder.job_id) == gate.user
            holder.phase = Phase.GO
            assert gate.user == self.look().holders[holder.job_id]
        elif gate.verdict is GateVerdict.USER_BUSY:
            holder.ending = partial(self.ground.requeue, holder.claim, code=Code.USER_BUSY, waits_for_user=True)
            holder.phase = Phase.PAST
        elif gate.verdict is GateVerdict.EXPIRED:
            self._end_with(holder, State.EXPIRED, Code.NOT_AFTER_PASSED)
        else:
            self.drop(holder)

    def _end(self, holder: Holder, chance: Chance) -> None:
        """Settle, and in any case send nothing any more."""
        if holder.ending is None:
            self._choose_ending(holder, chance.mood)
        holder.phase = Phase.PAST
        assert holder.ending
        done = self.take(holder.ending, chance)
        if done is not None:
            self.drop(holder)
        assert not done or self.now.fence(holder.job_id) == holder.claim.fence, "it had lost its claim"
        if done is False and holder.answer in {PostAnswer.PLACED, PostAnswer.UNKNOWN}:
            assert self.words[holder.job_id] > holder.word, "what became of the call was not written down"

    def _choose_ending(self, holder: Holder, mood: int) -> None:
        requeue, answer = partial(self.ground.requeue, holder.claim), holder.answer
        if answer is PostAnswer.PLACED:
            self._end_with(
                holder,
                State.PLACED,
                Code.PLACED,
                conversation_id=f"c-{holder.job_id}-{holder.claim.fence}",
                http_status=201,
            )
        elif answer is PostAnswer.UNKNOWN:
            self._end_with(holder, State.UNCONFIRMED, Code.NO_ANSWER_FROM_API)
        elif answer is PostAnswer.REFUSED and mood:
            self._end_with(holder, State.REJECTED, Code.INVALID_FROM_ADDRESS, http_status=400)
        elif answer is PostAnswer.NOT_PLACED and not mood:
            self._end_with(holder, State.FAILED, Code.COULD_NOT_CONNECT)
        elif holder.phase is Phase.CLAIMED and mood < 3:
            self._end_with(holder, State.REJECTED, Code.NOT_A_NUMBER)
        else:
            again = {"delay_s": 30, "code": Code.COULD_NOT_CONNECT} if mood % 2 else {"counts": False}
            holder.ending = partial(requeue, **again)

    def _end_with(self, holder: Holder, state: State, code: Code, **known: Any) -> None:
        holder.ending = partial(self.ground.end, holder.claim, state, code, **known)
        holder.phase = Phase.PAST
