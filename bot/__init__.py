"""The bot: answers customers from what the tenant knows while it has the floor, and knows when not to."""
