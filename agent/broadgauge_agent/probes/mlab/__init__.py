"""Tests to M-Lab's public servers, where a district opted in."""
