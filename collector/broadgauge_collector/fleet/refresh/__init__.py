"""When each device must be replaced, and what that costs, from the inventory and its repairs."""
