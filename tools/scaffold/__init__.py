"""`make scaffold TYPE=Microsoft.X/y`: what one more type of the emulator begins with."""
