"""What rooms have: surveyed, said by hand, and held against a full class."""
