"""Everything needed to try Dialer without an account: the simulator, an embedded Redis, and the demo."""
