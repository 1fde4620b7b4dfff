"""What a customer's words say of a conversation: topic, mood, language, tags. Read one by one."""
