"""What a customer wants of us in one message: a person, one of our topics, or something delicate."""
