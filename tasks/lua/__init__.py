"""The ledger's Lua scripts, one operation a file."""
