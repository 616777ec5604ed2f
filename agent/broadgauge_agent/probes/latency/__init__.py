"""Round-trip time, jitter and loss to a reflector."""
