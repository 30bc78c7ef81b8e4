"""A simulated Genesys Cloud over HTTP, with the faults of the real one on request."""
