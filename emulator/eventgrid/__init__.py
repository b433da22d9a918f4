"""Event Grid: system topics of storage accounts and workspaces, their subscriptions, and delivery."""
