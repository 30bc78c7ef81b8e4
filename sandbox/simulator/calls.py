"""The call log: every call that was accepted, that is every phone that rang, whatever the client was told."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.simulator.call_request import RequestedCall
from sandbox.simulator.course import CallCourse, Durations, Result, course_of

#: The attribute in which Dialer sends its job id (public profile).
JOB_ID_ATTRIBUTE = "dialerJobId"


@dataclass(slots=True, kw_only=True)
class Call:
    """One accepted call. `time` in epoch seconds; `answered` is the status that the client was sent, or None."""

    n: int
    time: float
    to: str
    from_: str
    conversation_id: str
    client: str
    user_id: str
    queue_id: str
    attributes: Mapping[str, str]
    course: CallCourse
    answered: int | None = None
    #: When a later call of the same user put this one on hold, in epoch seconds.
    held_at: float | None = None
    #: The other call of the user that was put on hold because of this one.
    puts_on_hold: "Call | None" = None

    @property
    def job_id(self) -> str | None:
        return self.attributes.get(JOB_ID_ATTRIBUTE)

    def as_json(self) -> dict[str, object]:
        """Return the call as the admin API shows it."""
        return {
            "n": self.n,
            "time": self.time,
            "to": self.to,
            "from": self.from_,
            "user_id": self.user_id,
            "conversation_id": self.conversation_id,
            "job_id": self.job_id,
            "client": self.client,
            "answered": self.answered,
            "result": self.course.result.name.lower(),
            "ended_at": self.course.ended_at,
            "held_at": self.held_at,
        }


class CallLog:
    """The accepted calls, oldest first. `clock` returns epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: list[Call] = []
        self._by_conversation: dict[str, Call] = {}
        self._by_user: defaultdict[str, list[Call]] = defaultdict(list)
        #: The call of each user whose own phone is, or will be, picked up last.
        self._in_front: dict[str, Call] = {}
        self.put_on_hold = 0

    def __len__(self) -> int:
        return len(self._calls)

    def ring(self, request: RequestedCall, *, client: str, result: Result, durations: Durations) -> Call:
        """Add a call, whose phone now rings, under a new conversation id."""
        now = self._clock()
        call = Call(
            n=len(self._calls) + 1,
            time=now,
            to=request.to,
            from_=request.from_,
            conversation_id=str(uuid.uuid4()),
            client=client,
            user_id=request.user_id,
            queue_id=request.queue_id,
            attributes=request.attributes,
            course=course_of(result, now, durations),
        )
        self._calls.append(call)
        self._by_conversation[call.conversation_id] = call
        self._by_user[call.user_id].append(call)
        held = self._hold(call)
        call.puts_on_hold = None if held is call else held
        return call

    def _hold(self, call: Call) -> Call | None:
        """Put the user's other call on hold at the instant at which this one is picked up, and return it.

        The published softphone does so ("the original call will be put on hold"). It stays on hold until it ends. A
        call that is picked up before an earlier one is itself put on hold when that one is picked up.
        """
        picked_up_at = call.course.picked_up_at
        if picked_up_at is None:
            return None
        other = self._in_front.get(call.user_id)
        since = None if other is None else other.course.picked_up_at
        if other is None or since is None or since <= picked_up_at:
            self._in_front[call.user_id] = call
            held, at = other, picked_up_at
        else:
            held, at = call, since
        if held is None or held.held_at is not None or held.course.ended_at <= at:
            return None
        held.held_at = at
        self.put_on_hold += 1
        return held

    def find(self, conversation_id: str) -> Call | None:
        return self._by_conversation.get(conversation_id)

    def after(self, n: int, limit: int | None = None) -> list[Call]:
        """List the calls after the n-th, at most `limit` of them."""
        return self._calls[n : None if limit is None else n + limit]

    def running(self, user_id: str) -> list[Call]:
        """List the user's calls that have not ended."""
        now = self._clock()
        running = [call for call in self._by_user.get(user_id, ()) if now < call.course.ended_at]
        if running:
            self._by_user[user_id] = running
        else:
            self._by_user.pop(user_id, None)
        return list(running)

    def most_per_number(self) -> Counter[str]:
        return Counter(call.to for call in self._calls)
