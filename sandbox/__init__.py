"""Everything needed to try Dialer without an account: simulator, embedded Redis, the demo."""
