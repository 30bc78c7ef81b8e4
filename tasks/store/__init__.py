"""Redis: the client, every key, and the Lua scripts that change the keys."""
