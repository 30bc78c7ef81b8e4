"""Redis: every key, and the Lua scripts that change them."""
