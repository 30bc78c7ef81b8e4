"""Two ways to find a call whose answer was lost: the attributes of all calls of that time, or analytics."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tasks.followup.inquiries import Inquiries, MissingPermission
from tasks.followup.windows import EARLY_S, LATE_S, WITNESS_S, SearchWindow
from tasks.genesys.search import calls_of_user, conversation, search_page
from tasks.genesys.seen import SeenCall
from tasks.ledger.doubt import DoubtfulJob

#: A window with more pages is not read to its end.
_MOST_PAGES: Final = 40


@dataclass(frozen=True, kw_only=True)
class Sight:
    """The calls of a window that were seen, and whether these are all."""

    calls: list[SeenCall] = field(repr=False)
    is_complete: bool


def later_by_attributes(inquiries: Inquiries, window: SearchWindow, now: float) -> list[SeenCall]:
    """Return some calls after the window."""
    if now <= window.end_s:
        return []
    return inquiries.ask(search_page(window.end_s, min(now, window.end_s + WITNESS_S))).calls


def pages_by_attributes(inquiries: Inquiries, window: SearchWindow) -> Iterator[Sight]:
    """Yield the calls of the window page by page, with the attributes of each; only the last may say: all."""
    cursor = ""
    for _ in range(_MOST_PAGES):
        page = inquiries.ask(search_page(window.start_s, window.end_s, cursor))
        calls = [call if call.is_whole else shown(inquiries, call) for call in page.calls]
        yield Sight(calls=calls, is_complete=not page.cursor)
        if not page.cursor:
            return
        cursor = page.cursor


def later_by_analytics(inquiries: Inquiries, job: DoubtfulJob, now: float) -> list[SeenCall]:
    """Return the latest call of the job's user that began long enough after its own, with its attributes."""
    end_s = job.sent_at + LATE_S
    if now <= end_s:
        return []
    found = inquiries.ask(calls_of_user(job.user_id, end_s, min(now, end_s + WITNESS_S)))
    later = [call for call in found.calls if call.started_at is not None and call.started_at >= end_s]
    return [shown(inquiries, call) for call in later[:1]]


def calls_by_analytics(inquiries: Inquiries, job: DoubtfulJob) -> Sight:
    """Return the calls of the job's user to its number at that time, each with its attributes."""
    start_s, end_s = job.sent_at - EARLY_S, job.sent_at + LATE_S
    found = inquiries.ask(calls_of_user(job.user_id, start_s, end_s, to=job.to))
    at_that_time = [c for c in found.calls if c.started_at is None or start_s <= c.started_at <= end_s]
    return Sight(calls=[shown(inquiries, call) for call in at_that_time], is_complete=found.is_complete)


def shown(inquiries: Inquiries, call: SeenCall) -> SeenCall:
    """Return the call with its attributes, as the conversation itself shows them; unchanged if it does not exist."""
    try:
        found = inquiries.ask(conversation(call.conversation_id))
    except MissingPermission:
        found = inquiries.ask(conversation(call.conversation_id, flat=True))
    if found is None:
        return call
    return SeenCall(conversation_id=call.conversation_id, started_at=call.started_at, mark=found.mark)
