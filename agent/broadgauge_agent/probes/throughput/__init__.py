"""How fast the path to a reflector is, each way, and whether the path set that rate."""
