"""Conversations: the REST and gRPC edges, the acts, the writer and the conductor."""
