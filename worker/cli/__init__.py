"""The `dialer` command, a module a command."""
