"""What one dial job goes through, in order: job, address, inbox, schedule, ledger, token, pacing, genesys."""
