"""A walk through the rooms with a laptop: what the network carries in each."""
