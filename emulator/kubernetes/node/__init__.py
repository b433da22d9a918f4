"""The nodes of a cluster: pods as processes of this machine."""
