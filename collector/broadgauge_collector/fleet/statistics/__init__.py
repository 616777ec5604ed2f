"""Statistics of devices and their repairs: pure functions of numbers."""
