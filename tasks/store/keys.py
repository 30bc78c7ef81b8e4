"""Every Redis key of the ledger: its name, type, content and lifetime, and every field of the hashes and the stream.

`X_FIELDS` has the fields of the key `x`; a name in angle brackets stands for any. Times are milliseconds of Redis'
own clock, with microseconds as the fraction, unless a field says otherwise. One fleet has one logical database: the
names are fixed, as those of the producers' queue and of Celery's results are.
"""

from typing import Final

from tasks.codes import State
from tasks.job import PRIORITIES

INBOX_QUEUE: Final = "dial"
#: kombu keeps a message's priority in the list's name; these are its default steps.
INBOX_LISTS: Final = (INBOX_QUEUE, *(f"{INBOX_QUEUE}\x06\x16{step}" for step in (3, 6, 9)))
#: A job's texts and attributes stay far below this, in any encoding of JSON.
MAX_BYTES: Final = 256 * 1024
#: Parsed, JSON may take 25 times its size; what is larger than this never gets to a worker (`lua/parts/cut.lua`).
MAX_READ_BYTES: Final = 8 * MAX_BYTES

#: list: Celery messages that name a due job; shallow.
calls: Final = "dialer.calls"
#: zset: job id -> when its worker's right to it ends; an entry for each job in preparing or sending.
leases: Final = "dialer:leases"
#: hash: why the fleet is paused; absent when it is not.
pause: Final = "dialer:pause"
PAUSE_FIELDS: Final = {
    "<reason>": "One pause, as JSON: since_ms, until_ms (null: until an operator ends it) and message.",
}
#: hash: when the next slot is free, and what the server told of its window (`lua/parts/pace.lua`).
pace: Final = "dialer:pace"
PACE_FIELDS: Final = {
    "tat_ms": "When the next slot is free (GCRA's theoretical arrival time).",
    "seen_ms": "When a slot was last reserved; an earlier time now means that the clock was set back.",
    "granted": "How many slots were ever reserved, which is the number (the ticket) of the last one.",
    "interval_ms": "The duration between two slots, as last asked for.",
    "late_ms": "How late a slot may be used, as last asked for.",
    "window_ms": "When the server's window ends, as its answers told.",
    "upto": "Until the window ends, slots up to this number may be reserved.",
    "ticket": "The slot of the request whose answer told this.",
    "count": "How many requests the server had counted in that answer.",
    "tick<n>": "A span of ten seconds, by its number since 1970; the last seven spans are kept by turns.",
    "sent<n>": "How many requests left in that span.",
}
#: hash: how the last requests fared, and whether the fleet only probes (`lua/parts/breaker.lua`).
breaker: Final = "dialer:breaker"
BREAKER_FIELDS: Final = {
    "unanswered": "Requests sent since the last answer.",
    "sent_ms": "When the last request left.",
    "answered_ms": "When the last answer came.",
    "outage": "How many requests failed in a row.",
    "refusal": "How many requests in a row were refused.",
    "rejected": "The jobs that ended as rejected in this row, as a JSON list of ids.",
    "rejected_before": "The same of the row for which the fleet was last paused: to be retried once it is fixed.",
    "probed": "The jobs that the probes met, as a JSON list of ids.",
    "open": "The reason for which the circuit breaker is open; while it is, one probe at a time is sent.",
    "distance_ms": "The duration between the last probe and the next.",
    "probe_ms": "Until when the one probe may be in progress.",
}
#: zset: job id -> its not_after, for jobs that have one and no outcome.
expiring: Final = "dialer:expiring"
#: list of at most one token: wakes one sleeping scheduler.
wake: Final = "dialer:wake"
#: zset: worker name -> when it was last seen.
workers: Final = "dialer:workers"
#: hash: worker name -> its concurrency.
concurrency: Final = "dialer:concurrency"
CONCURRENCY_FIELDS: Final = {"<worker>": "How many calls the worker places at once."}
#: string: made with the ledger; another one means that Redis has lost its data.
epoch: Final = "dialer:epoch"
#: string: the run id of the server by which the fleet sends (`lua/parts/restarted.lua`).
run: Final = "dialer:run"
#: stream, capped: one entry an outcome.
outcomes: Final = "dialer:outcomes"
OUTCOMES_FIELDS: Final = {
    "id": "The job.",
    "state": "The outcome.",
    "code": "Its code.",
    "batch": "The job's batch, or an empty text.",
    "finished_at": "When the job got the outcome, in ISO 8601.",
}


def due_at(priority: int) -> str:
    """Zset: job id -> when it is due; an entry for each job of this priority in queued or scheduled."""
    return f"dialer:due:{priority}"


#: The due sets, highest priority first.
due: Final = [due_at(priority) for priority in reversed(PRIORITIES)]


def job(job_id: str) -> str:
    """Hash: the record. Fields that start with `_` are the ledger's own. Expires after the retention."""
    return f"dialer:job:{job_id}"


JOB_FIELDS: Final = {
    # What `dialer show` prints; times are ISO 8601 in UTC.
    "state": "One of the states.",
    "code": "Why the job has this state; on a waiting job, why its last attempt did not end it.",
    "message": "The meaning of the code, or what was said in this case; phone numbers in it are masked.",
    "hint": "How to fix it.",
    "to": "The number that was called, in E.164; set when the job is sent.",
    "from": "The caller ID that was used, in E.164; set when the job is sent.",
    "to_raw": "The number as the producer wrote it, cut after 64 characters.",
    "batch": "The job's batch.",
    "priority": "0 to 9.",
    "attempts": "How many requests were sent, without those that are not held against the job.",
    "http_status": "The status of Genesys Cloud's answer.",
    "conversation_id": "Genesys Cloud's id of the conversation.",
    "correlation_id": "The id of the request that Genesys support asks for.",
    "worker": "The worker that claimed it last.",
    "accepted_at": "When it entered the ledger.",
    "due_at": "When it is due; only while it waits.",
    "sent_at": "When the last request left.",
    "finished_at": "When it got its outcome.",
    "replays": "How often the same job came again under this id.",
    "conflicts": "How often another job came under this id.",
    # The ledger's own.
    "_job": "The job as it was accepted, as JSON; absent for a message that was not a valid job.",
    "_fingerprint": "A digest of that, or of the invalid message: tells a replay from a conflict.",
    "_fence": "The number of the last claim; a step with a lower one changes nothing.",
    "_due_ms": "When it is due; kept while it is claimed, so that it can go back to its place.",
    "_since_ms": "When it was first due, or was due again after a retry: its age counts from then.",
    "_not_after_ms": "The job's not_after; absent for a job without one.",
    "_slot_ms": "The slot of the pace that is reserved for it; only until it is sent.",
    "_ticket": "The number of that slot; kept, for the reading of the rate limit in the answer.",
    "_deaths": "How many workers died while they prepared it.",
}


def index(state: State | str) -> str:
    """Zset: job id -> when it ended so; entries go with the retention."""
    return f"dialer:index:{state}"


def batch(batch: str, state: State | str) -> str:
    """Zset: the same for one batch; state `open` holds its jobs without an outcome, by acceptance."""
    return f"dialer:batch:{state}:{batch}"


def in_hand(worker: str) -> str:
    """List: raw messages that a worker took from the inbox and has not yet accepted into the ledger."""
    return f"dialer:in-hand:{worker}"


def token(client: str) -> str:
    """Hash: the OAuth token of a client. Expires before the token does.

    `client` is a digest of the token endpoint and the client id.
    """
    return f"dialer:token:{client}"


TOKEN_FIELDS: Final = {
    "token": "The access token.",
    "refresh_ms": "One worker refreshes the token early when the key has this lifetime left.",
}


def token_lock(client: str) -> str:
    """String: the worker that requests a token now. Expires a little later than the longest request."""
    return f"dialer:token:{client}:lock"


def token_failure(client: str) -> str:
    """Hash: why the last request for a token failed. Expires when the next request may be sent."""
    return f"dialer:token:{client}:failure"


TOKEN_FAILURE_FIELDS: Final = {
    "code": "The code for a job that cannot be sent because of this.",
    "message": "The message for it.",
    "told": "1 if the API told how long to wait, else 0.",
}


def result(job_id: str) -> str:
    """String, and channel: what Celery's `AsyncResult(job_id)` reads."""
    return f"celery-task-meta-{job_id}"
