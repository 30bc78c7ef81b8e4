"""May a job be called, when, and from which number: the checks that need no Redis.

screen ─▶ caller_id ─▶ number ─▶ notation       rules: what the operator's settings say
"""
