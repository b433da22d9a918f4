"""What runs on the machines of the CI runners, and how it comes there."""
