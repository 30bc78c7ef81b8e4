"""The ledger: the record of each job, from its acceptance until the retention ends."""
