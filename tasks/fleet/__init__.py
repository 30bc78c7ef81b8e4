"""The state that all workers share: pace, pause, breaker, scheduler, heartbeat, status."""
