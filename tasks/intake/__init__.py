"""From messages on the producers' queue to jobs: `message` reads them, `inbox` moves them into the ledger."""
