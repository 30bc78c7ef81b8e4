"""What one dial job goes through.

producer ─▶ intake ─▶ ledger ─▶ fleet ─nudge─▶ dial ─▶ attempt ─▶ screening ─▶ genesys ─▶ resolution ─▶ ledger

- intake/: reads the producers' messages and moves them into the ledger
- ledger/: the records of all jobs, kept until the retention ends
- fleet/: the state that all workers share: pace, pause, breaker, scheduler, heartbeat, status
- dial: the Celery task that a nudge starts
- attempt: one attempt to place the call of a job, from the claim to the answer
- screening/: decides whether a number may be called, and from which number
- genesys/: the API: the token, the request, and the meaning of each answer
- followup/: what became of a placed call
- resolution: decides what the result of an attempt means for the job and for the fleet
- store/: every Redis key, and the Lua scripts
- job, redial, results, errors, codes: the types that all of these share
"""
