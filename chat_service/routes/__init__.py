"""The REST edge: thin functions from requests to acts, and the table of who may call them."""
