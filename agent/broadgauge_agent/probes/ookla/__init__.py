"""Tests with speedtest-cli, to public Ookla servers or a Speedtest Mini server."""
