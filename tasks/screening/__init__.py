"""May this number be called, and from which number: the checks that need no Redis."""
