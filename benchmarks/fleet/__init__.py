"""What a fleet costs beside one model, in the same run: `make bench-fleet`."""
