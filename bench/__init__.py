"""Measurements of Dialer beside what would be picked in its place: `python -m bench`, or `make bench`."""
