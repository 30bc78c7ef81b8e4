"""Files of jobs: they are opened, read row by row, and entered into the ledger in bulk."""
