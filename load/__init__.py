"""Benchmarks and load: bounded in count and time, on loopback, and they stop by themselves."""
