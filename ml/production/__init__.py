"""Production: a release that a person approved takes over step by step, and can always go back."""
