"""What data, features and models there are, whose they are, and what of them is about people."""
