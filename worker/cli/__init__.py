"""The `dialer` command: one module per command, which is imported only to run the command or to print its help."""
