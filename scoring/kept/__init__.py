"""What was answered is kept: each process writes parts of it to the data lake, off the way of requests."""
