"""What became of a placed call."""
