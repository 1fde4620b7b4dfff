"""What models are told, in versions that never change (docs/ai.md)."""
