"""Identity: who asks, proven by a token, and what they may do, by role assignments."""
