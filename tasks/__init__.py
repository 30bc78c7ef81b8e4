"""What one dial job goes through.

producer ─▶ intake ─▶ ledger ─▶ fleet ─nudge─▶ dial ─▶ attempt ─▶ screening ─▶ genesys ─▶ resolution ─▶ ledger

- intake/: reads the producers' messages and moves them into the ledger
- ledger/: what is true of each job, until the end of its record's retention
- fleet/: what all workers share: pace, pause, breaker, scheduler, heartbeat, status
- dial: the Celery task that a nudge starts
- attempt: one attempt at one job, straight down
- screening/: may this number be called, and from which number
- genesys/: the API: the token, the request, and what an answer means
- resolution: what an answer, or none, means for the job and for the fleet; the one exit of an attempt
- store/: every Redis key, and the Lua scripts
- job, errors, codes: the words that all share
"""
