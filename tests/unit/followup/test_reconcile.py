"""The order of a search, and what it does when its time is over; the answers are scripted."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from tasks.codes import Code, State
from tasks.fleet.pause import Pause
from tasks.followup.asking import Asking
from tasks.followup.reconcile import Reconciler
from tasks.genesys.search import RowPage
from tasks.genesys.seen import Mark, SeenCall
from tests.support.ground import Ground, job


@dataclass
class Index:
    """Shows the calls of the time that is asked for; between two requests it may take in more."""

    calls: list[SeenCall] = field(default_factory=list)
    after_each: Callable[[], None] = lambda: None
    asked: int = 0
    #: Shows one call a page.
    has_pages: bool = False

    def ask(self, question: Any, *, token: str) -> Any:
        assert token == "t-1"
        self.asked += 1
        (window,) = question.body["query"]
        found = [call for call in self.calls if window["startValue"] <= _iso(call) <= window["endValue"]]
        first = int(question.body.get("cursor", 0))
        self.after_each()
        if not self.has_pages:
            return RowPage(calls=found, cursor="")
        return RowPage(calls=found[first : first + 1], cursor=str(first + 1) if first + 1 < len(found) else "")


def _iso(call: SeenCall) -> str:
    assert call.started_at is not None
    return datetime.fromtimestamp(call.started_at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class OneToken:
    def current(self) -> str:
        return "t-1"

    def discard(self, token: str) -> None:
        raise AssertionError(token)


@pytest.fixture
def ground(fake_redis: Redis) -> Ground:
    return Ground.over(fake_redis)


@pytest.fixture
def index() -> Index:
    return Index()


@pytest.fixture
def now() -> list[float]:
    """The clock of the process; a test may set it."""
    return [0.0]


@pytest.fixture
def reconciler(ground: Ground, index: Index, now: list[float]) -> Reconciler:
    return Reconciler(
        doubt=ground.doubt,
        asking=Asking(tokens=OneToken(), pause=Pause(ground.redis)),
        api=index,
        stopping=threading.Event(),
        clock=lambda: now[0],
    )


def lose(ground: Ground, *names: str) -> list[SeenCall]:
    """Lose the answers of calls, a minute ago, and return what the index will show of them."""
    claims = [ground.sending(job(name)) for name in names]
    for claim in claims:
        ground.end(claim, State.UNCONFIRMED, Code.CONNECTION_LOST)
    ground.advance(60)
    return [
        SeenCall(conversation_id=f"c-{found.id}", started_at=found.sent_at, mark=Mark(found.id, found.fence))
        for found in ground.doubt.read(names)
    ]


def placed(ground: Ground, name: str = "later") -> SeenCall:
    claim = ground.sending(job(name))
    ground.end(claim, State.PLACED, Code.PLACED, conversation_id=f"c-{name}")
    return SeenCall(
        conversation_id=f"c-{name}",
        started_at=ground.doubt.known([name])[name].sent_at,
        mark=Mark(name, claim.fence),
    )


def test_a_call_that_enters_the_index_during_the_search_is_not_taken_for_missing(
    ground: Ground, index: Index, reconciler: Reconciler
) -> None:
    """In the other order, the later call would be the witness of an answer that came before it."""
    calls = [*lose(ground, "lost"), placed(ground)]
    index.after_each = lambda: index.calls.extend(calls)
    assert reconciler.step()
    assert ground.state("lost") == "placed"


def test_what_was_seen_before_the_time_is_over_is_bound_and_nothing_is_noted(
    ground: Ground, index: Index, reconciler: Reconciler, now: list[float]
) -> None:
    index.calls = lose(ground, "lost", "also lost", "not placed")[:2]
    index.has_pages = True

    def end() -> None:
        # The later calls, and the first page of the window.
        if index.asked == 2:
            now[0] = 1_000.0

    index.after_each = end
    assert reconciler.step()
    assert index.asked == 2
    assert [ground.state(name) for name in ("lost", "also lost", "not placed")] == ["placed"] + 2 * ["unconfirmed"]
    assert not any("evidence" in ground.record(name) for name in ("also lost", "not placed"))


@pytest.mark.parametrize("has_witness", [True, False])
def test_what_was_not_found_is_noted_with_the_witness_if_there_is_one(
    ground: Ground, index: Index, reconciler: Reconciler, *, has_witness: bool
) -> None:
    lose(ground, "lost")
    index.calls = [placed(ground)] if has_witness else []
    assert reconciler.step()
    (look,) = ground.record("lost")["evidence"]
    assert look.get("witness") == ("c-later" if has_witness else None)


def test_a_window_that_never_ends_says_nothing(ground: Ground, index: Index, reconciler: Reconciler) -> None:
    (call,) = lose(ground, "lost")
    others = [SeenCall(conversation_id=f"c-{n}", started_at=call.started_at) for n in range(100)]
    index.calls, index.has_pages = others, True
    assert reconciler.step()
    assert index.asked < 50
    assert "evidence" not in ground.record("lost")
