"""The library for everything that reads or writes language. It runs no process and opens nothing.

The edge may import `ai.contracts` and `ai.extract` only: they need pydantic and regular
expressions, nothing that takes a second to load (ADR-0026).
"""
