"""The `dialer` command: one module a command, imported only when it is run or its help is asked for."""
