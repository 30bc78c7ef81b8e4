"""Files of jobs: opened, read row by row, and entered into the ledger in bulk."""
