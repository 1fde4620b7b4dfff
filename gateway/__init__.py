"""The WebSocket edge: authenticate, bound, forward, fan out, drain. It has no database."""
