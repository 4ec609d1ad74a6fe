"""Whether what the gateway records is what the engine counts."""
