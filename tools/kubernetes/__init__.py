"""A real Kubernetes of one node, from pinned source, for tests where no cluster is given."""
