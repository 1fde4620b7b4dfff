"""What a tenant knows: sources become passages, passages are found again and cited.

Nothing here imports a model or a vector library; those are adapters behind two ports
(`ai/knowledge/embed.py`, `ai/knowledge/index.py`). See ADR-0032.
"""
