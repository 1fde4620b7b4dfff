"""The tables, split by feature. `catalogue` knows all of them; the migrations create them."""
