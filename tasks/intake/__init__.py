"""From messages on the producers' queue to jobs: `message` reads them, `inbox` moves them into the ledger.

`message` asks `decoding` for the JSON in a message, `identity` for its id, and `options` for what Celery's options
mean.
"""
