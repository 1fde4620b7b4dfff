"""Summaries by a model: what it is told, what of its answer is believed, and what is shown of it."""
