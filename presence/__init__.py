"""Who is there: heartbeats in Redis, linger, transitions. It has no database."""
