"""The step that makes a fleet of what was trained, and registers it."""
