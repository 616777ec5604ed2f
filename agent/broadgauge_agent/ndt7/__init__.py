"""The ndt7 protocol's constants and messages, for the reflector and for the throughput probe.

Source: github.com/m-lab/ndt-server, spec/ndt7-protocol.md v0.11.0.
"""
