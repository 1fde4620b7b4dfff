"""The schema of the database, one numbered step after the other."""
