"""Genesys Cloud's API: what is sent, what an answer means, and the token that the fleet shares."""
