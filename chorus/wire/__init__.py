"""The frames of `chorus.v1`, defined once (PROTOCOL.md).

`client` and `server` hold one model per frame, `common` the words they share, `envelope` the way
they travel. `make gen` writes TypeScript types, JSON Schema and `docs/protocol.md` from here.
"""
