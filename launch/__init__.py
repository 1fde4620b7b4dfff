"""The command line and the supervisor: they may import everything, nothing imports them."""
