"""The composite and its contract: what is loaded, what a row must be, what is answered and watched."""
