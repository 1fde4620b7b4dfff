"""All SQL and all Redis commands of the chat service, one module per act."""
