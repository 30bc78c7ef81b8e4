"""The call log: every call that was accepted, that is every phone that rang, whatever the client was told."""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sandbox.simulator.call_request import RequestedCall

#: The attribute in which Dialer sends its job id (public profile).
JOB_ID_ATTRIBUTE = "dialerJobId"


class Callee(StrEnum):
    """How the called side behaves; the values are words for the documentation."""

    ANSWERS = "the callee answers"
    IS_BUSY = "the callee is busy"
    DOES_NOT_ANSWER = "nobody answers"
    CANNOT_BE_REACHED = "the number turns out to be uncallable"
    ANSWERS_ON_THE_SECOND_LEG = "a first leg fails and a second one is answered"


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
    callee: Callee
    answered: int | None = None

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
            "conversation_id": self.conversation_id,
            "job_id": self.job_id,
            "client": self.client,
            "answered": self.answered,
        }


class CallLog:
    """The accepted calls, oldest first. `clock` returns epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: list[Call] = []
        self._by_conversation: dict[str, Call] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def ring(self, request: RequestedCall, *, client: str, callee: Callee) -> Call:
        """Add a call, whose phone now rings, under a new conversation id."""
        call = Call(
            n=len(self._calls) + 1,
            time=self._clock(),
            to=request.to,
            from_=request.from_,
            conversation_id=str(uuid.uuid4()),
            client=client,
            user_id=request.user_id,
            queue_id=request.queue_id,
            attributes=request.attributes,
            callee=callee,
        )
        self._calls.append(call)
        self._by_conversation[call.conversation_id] = call
        return call

    def find(self, conversation_id: str) -> Call | None:
        return self._by_conversation.get(conversation_id)

    def after(self, n: int, limit: int | None = None) -> list[Call]:
        """List the calls after the n-th, at most `limit` of them."""
        return self._calls[n : None if limit is None else n + limit]

    def with_attribute(self, name: str, value: str, *, until: float) -> list[Call]:
        """List the calls that carry the attribute and rang no later than `until` (epoch seconds)."""
        return [call for call in self._calls if call.attributes.get(name) == value and call.time <= until]

    def most_per_number(self) -> Counter[str]:
        return Counter(call.to for call in self._calls)
