"""What a district owns: devices, as their sources say, and what became of them."""
