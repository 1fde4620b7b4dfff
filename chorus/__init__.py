"""The shared language of all Chorus processes: contracts first, thin plumbing second."""
