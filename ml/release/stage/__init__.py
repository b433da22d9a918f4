"""What is found out about a release where it is proven: each file one subject, each answer a `Check`."""
