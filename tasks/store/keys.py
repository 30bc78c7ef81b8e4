"""Every Redis key of the ledger: its name, type, content and lifetime, and every field of the hashes and the stream.

`X_FIELDS` has the fields of the key `x`; a name in angle brackets is a placeholder. Times are in milliseconds of
Redis' clock, with microseconds as the fraction, unless a field is described otherwise. One fleet uses one logical
database. The names are fixed, like those of the producers' queue and of Celery's results.
"""

from typing import Final

from tasks.codes import State
from tasks.job import PRIORITIES

INBOX_QUEUE: Final = "dial"
#: kombu's default priority steps; it sends 0 first.
PRIORITY_STEPS: Final = (0, 3, 6, 9)
#: kombu has a list for each step.
INBOX_LISTS: Final = (INBOX_QUEUE, *(f"{INBOX_QUEUE}\x06\x16{step}" for step in PRIORITY_STEPS[1:]))
#: The largest message of a valid job is much smaller than this, in any encoding of JSON.
MAX_BYTES: Final = 256 * 1024
#: Parsed JSON may need 25 times its size in memory. Redis cuts a larger message before a worker reads it
#: (`lua/parts/cut.lua`).
MAX_READ_BYTES: Final = 8 * MAX_BYTES

#: list: nudges, which are Celery messages that name a due job; short.
calls: Final = "dialer.calls"
#: zset: job id -> when its lease ends; has an entry for each job in preparing or sending.
leases: Final = "dialer:leases"
#: hash: why the fleet is paused; absent if it is not paused.
pause: Final = "dialer:pause"
PAUSE_FIELDS: Final = {
    "<reason>": "One pause, as JSON: since_ms, until_ms (null: until an operator ends it) and message.",
}
#: hash: when the next slot is free, and the rate limit window of Genesys Cloud (`lua/parts/pace.lua`).
pace: Final = "dialer:pace"
PACE_FIELDS: Final = {
    "tat_ms": "When the next slot is free (GCRA's theoretical arrival time).",
    "seen_ms": "When a slot was last reserved; if the current time is earlier, the clock was set back.",
    "granted": "How many slots were reserved in total; this is the number (the ticket) of the last one.",
    "interval_ms": "The duration between two slots, as last asked for.",
    "late_ms": "How late a slot may be used, as last asked for.",
    "window_ms": "When the window of the rate limit ends, according to the answers of Genesys Cloud.",
    "upto": "Until the window ends, slots up to this number may be reserved.",
    "ticket": "The slot of the request whose answer was last used.",
    "count": "How many requests Genesys Cloud had counted, according to that answer.",
    "look_ms": "The last slot that was reserved for a look-up of calls.",
    "tick<n>": "A span of ten seconds, as its number since 1970; the last seven spans are kept in turn.",
    "sent<n>": "How many requests were sent in that span.",
}
#: hash: the results of the last requests, and whether only probes are sent (`lua/parts/breaker.lua`).
breaker: Final = "dialer:breaker"
BREAKER_FIELDS: Final = {
    "unanswered": "Requests sent since the last answer.",
    "sent_ms": "When the last request was sent.",
    "answered_ms": "When the last answer arrived.",
    "outage": "How many requests failed in a row.",
    "refusal": "How many requests in a row were refused.",
    "rejected": "The jobs that ended as rejected in this row, as a JSON list of ids.",
    "rejected_before": "The same for the row that last paused the fleet: these jobs can be retried after the fix.",
    "probed": "The jobs that were sent as probes, as a JSON list of ids.",
    "open": "The reason for which the circuit breaker is open; while it is, one probe at a time is sent.",
    "distance_ms": "The time between the last probe and the next.",
    "probe_ms": "Until when the current probe may be in progress.",
}
#: zset: conversation id -> when to look next what became of the call; has an entry for each call that is followed.
followed: Final = "dialer:followed"
#: hash: conversation id -> the job whose call it is.
followed_jobs: Final = "dialer:followed:jobs"
FOLLOWED_JOBS_FIELDS: Final = {
    "<conversation>": "A JSON list: the id of the job, its batch or an empty text, and when the call was placed."
}
#: zset: job id -> when its call is searched for next; has an entry for each job in unconfirmed that is searched for.
in_doubt: Final = "dialer:in-doubt"
#: zset: job id -> when its hold of a user ends at the latest; has an entry for each call that may be in progress.
holds: Final = "dialer:holds"
#: hash: job id -> the user that it holds.
holders: Final = "dialer:holds:users"
HOLDERS_FIELDS: Final = {"<id>": "The user whose call the job has, or is about to have."}
#: zset: user -> when a call of this user last began or ended.
users: Final = "dialer:users"
#: hash: user -> how many calls the user has in progress.
users_calls: Final = "dialer:users:calls"
USERS_CALLS_FIELDS: Final = {"<user>": "How many calls the user has in progress; absent for none."}
#: hash: the users who did not pick up their own phones, and get no calls for now.
users_aside: Final = "dialer:users:aside"
USERS_ASIDE_FIELDS: Final = {
    "<user>": "`<misses>:<until>`: missed calls in a row, and until when the user is set aside (-1: until available)."
}
#: string: a worker has asked which users who are set aside are available again. Expires before the next question.
users_asked: Final = "dialer:users:asked"
#: zset: job id -> when it was due; has an entry for each queued job that waits for a user.
waiting: Final = "dialer:waiting"
#: zset: the same jobs by user, priority and due time (`lua/parts/waiting.lua`).
waiting_order: Final = "dialer:waiting:order"
#: zset: name of a batch -> when one of its jobs last changed; entries are removed after the retention.
batches: Final = "dialer:batches"
#: string: the worker that receives the events of calls; a lock of redis-py. Expires soon after the worker's death.
events_lease: Final = "dialer:events:lease"
#: zset: user id -> since when events of the user's calls are received. Expires with the lease.
events_users: Final = "dialer:events:users"
#: hash: user id -> how many of the user's calls in a row ended without an event. Expires with the lease.
events_missed: Final = "dialer:events:missed"
EVENTS_MISSED_FIELDS: Final = {"<user>": "How many of the user's calls in a row ended without an event."}
#: zset: job id -> its not_after, for jobs that have a not_after and no outcome.
expiring: Final = "dialer:expiring"
#: list of at most one token: wakes one sleeping scheduler.
wake: Final = "dialer:wake"
#: zset: worker name -> the time of its last heartbeat.
workers: Final = "dialer:workers"
#: hash: worker name -> how many calls it places at once.
concurrency: Final = "dialer:concurrency"
CONCURRENCY_FIELDS: Final = {"<worker>": "How many calls the worker places at once."}
#: string: a random value; if it changes, Redis has lost its data.
epoch: Final = "dialer:epoch"
#: string: the run id of the Redis server that the fleet uses (`lua/parts/restarted.lua`).
run: Final = "dialer:run"
#: stream, capped: one entry for each outcome.
outcomes: Final = "dialer:outcomes"
OUTCOMES_FIELDS: Final = {
    "event": "`outcome`, or `result`: what became of the placed call.",
    "id": "The id of the job.",
    "state": "The outcome.",
    "code": "Its code.",
    "batch": "The job's batch, or an empty string.",
    "finished_at": "When the job got the outcome, in ISO 8601.",
    "final": "1 if nothing more happens to the job by itself, else 0.",
    "result": "The result of the call; empty for the event `outcome`.",
}


#: The keys of `lua/parts/capacity.lua`, in its order.
capacity: Final = [holds, holders, users, users_calls, users_aside, waiting, waiting_order, wake]


def due_at(priority: int) -> str:
    """Zset: job id -> when it is due; has an entry for each job of this priority in queued or scheduled."""
    return f"dialer:due:{priority}"


#: The due sets, highest priority first.
due: Final = [due_at(priority) for priority in reversed(PRIORITIES)]


def job(job_id: str) -> str:
    """Hash: the record. Fields that begin with `_` are private to the ledger. Expires after the retention."""
    return f"dialer:job:{job_id}"


JOB_FIELDS: Final = {
    # What `dialer show` prints; times are ISO 8601 in UTC.
    "state": "One of the states.",
    "code": "The reason for the outcome; on a waiting job, why its last attempt gave no outcome.",
    "message": "The meaning of the code, or details of this case; phone numbers are masked.",
    "hint": "How to fix it.",
    "to": "The number that was called, in E.164; set when the job is sent.",
    "from": "The caller ID that was used, in E.164; set when the job is sent.",
    "to_raw": "The number as the producer wrote it, truncated to 64 characters.",
    "batch": "The job's batch.",
    "priority": "0 to 9.",
    # What the producer asked for. A job that is not placed has these in `_job`.
    "region": "The region of a number without a country code.",
    "user_id": "The user on whose behalf it is placed, if the job names one or there are several.",
    "wrap_up_code_id": "The wrap-up code, if the job names one.",
    "not_before": "The job is not sent before this time.",
    "not_after": "The job is not sent at or after this time.",
    "max_attempts": "The maximum number of requests, if the job sets one.",
    "attributes": "The attributes of the job, as a JSON object.",
    "attempts": "How many requests were sent, without those that do not count as an attempt.",
    "http_status": "The status of Genesys Cloud's answer.",
    "conversation_id": "Genesys Cloud's id of the conversation.",
    "correlation_id": "The id of the request that Genesys support asks for.",
    "worker": "The worker that claimed it last.",
    "accepted_at": "When it entered the ledger.",
    "due_at": "When it is due; only while it waits.",
    "sent_at": "When the last request was sent.",
    "finished_at": "When it got its outcome.",
    "call_state": "How far the placed call is: `contacting`, `ringing`, `connected` or `ended`.",
    "result": "How the placed call ended; absent while it goes on.",
    "result_detail": "The platform's own words for it, such as `sip:486` or `disconnect:timeout`.",
    "answered_at": "When the callee's phone was answered, by the platform's clock.",
    "ended_at": "When the call ended, by the platform's clock.",
    "ring_s": "How long the callee's phone rang, in seconds.",
    "talk_s": "How long the callee was connected, in seconds.",
    "final": "1 if nothing more happens to the job by itself; absent before.",
    "redial": "What the job asks for after calls that end unanswered, as a JSON object.",
    "calls": "The earlier calls of the job, as a JSON list: fence, conversation_id, result, sent_at, user_id.",
    "evidence": "Searches that did not find an unconfirmed call, as a JSON list (`tasks/ledger/evidence.py`).",
    "replays": "How often the same job was sent again under this id.",
    "conflicts": "How often a different job was sent under this id.",
    # Private to the ledger.
    "_job": "The job as it was accepted, as JSON; absent once it is placed, and if the message was not a valid job.",
    "_fingerprint": "A digest of that, or of the invalid message; it distinguishes a replay from a conflict.",
    "_fence": "The number of the last claim; a step with a lower one changes nothing.",
    "_due_ms": "When it is due; kept while it is claimed, so that it can be requeued in its place.",
    "_since_ms": "When it was first due, or due again after a retry by a person; the age counts from then.",
    "_not_after_ms": "The job's not_after; absent for a job without one.",
    "_slot_ms": "The slot of the pace that is reserved for it; only until it is sent.",
    "_ticket": "The number of that slot; kept for the rate limit headers of the answer.",
    "_user": "The user of the last request.",
    "_waiting": "Its member in the order of the jobs that wait for a user; may be out of date.",
    "_deaths": "How many workers died while they prepared it.",
}


def index(state: State | str) -> str:
    """Zset: job id -> when it got this outcome; entries are removed after the retention."""
    return f"dialer:index:{state}"


def batch(batch: str, state: State | str) -> str:
    """Zset: the same for one batch. State `open`: its jobs without an outcome, by the time when each is due first."""
    return f"dialer:batch:{state}:{batch}"


def batch_counts(batch: str) -> str:
    """Hash: what the indexes of the batch do not tell (`lua/parts/count_batch.lua`). Expires after the retention."""
    return f"dialer:counts:{batch}"


BATCH_COUNTS_FIELDS: Final = {
    "first_ms": "When the first job of the batch was accepted.",
    "counted_<what>": "How many jobs are `<outcome>:<code>`, or how many calls `result:<result>`.",
    "began<n>": "When the first outcome of a minute was; the last 30 minutes are kept in turn.",
    "ended<n>": "To how many jobs attempts gave an outcome in that minute.",
}


def history(job_id: str) -> str:
    """List: the changes of a job, oldest first, each as JSON (`lua/parts/history.lua`). Expires with the record."""
    return f"dialer:history:{job_id}"


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
    """String: the worker that is requesting a token. Expires shortly after the longest request."""
    return f"dialer:token:{client}:lock"


def token_failure(client: str) -> str:
    """Hash: why the last request for a token failed. Expires when the next request may be sent."""
    return f"dialer:token:{client}:failure"


TOKEN_FAILURE_FIELDS: Final = {
    "code": "The code for a job that cannot be sent because of this.",
    "message": "The message for such a job.",
    "wait_known": "1 if the API said how long to wait, else 0.",
}


def result(job_id: str) -> str:
    """String and channel: the result that Celery's `AsyncResult(job_id)` reads."""
    return f"celery-task-meta-{job_id}"
