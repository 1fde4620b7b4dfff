"""Which models may be used, how they are reached, and what they may cost."""
