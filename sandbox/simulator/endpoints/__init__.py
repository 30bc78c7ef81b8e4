"""The endpoints of the simulated API, a module for each concept."""
