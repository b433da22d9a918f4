"""Azure Resource Manager: a resource store with hooks."""
