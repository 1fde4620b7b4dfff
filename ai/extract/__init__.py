"""The extractive summariser: rules, no model, no network, the same answer on every machine."""
