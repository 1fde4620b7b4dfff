"""What is worked out beside the chat: summaries refined by models. Nobody waits for this process."""
