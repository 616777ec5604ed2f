"""What a store needs over the years: room, backups, an end to what was kept long enough, and
erasure of what is asked to go."""
