"""Measurements of Dialer and its alternatives, side by side: `python -m bench`, or `make bench`."""
