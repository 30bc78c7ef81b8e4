"""Genesys Cloud's API: the requests, the meaning of the answers, and the token that the fleet shares."""
