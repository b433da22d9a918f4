"""Log Analytics as it is asked: workspaces, resources and applications, in KQL."""
