"""Rooms: a code on the wall, a test in a browser, a result for the room. No login, no person."""
