"""What the emulator costs: how soon it is ready, what it adds to previews, steps and resources."""
