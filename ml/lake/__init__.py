"""Delta tables in the data lake."""
