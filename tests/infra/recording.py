"""What the tests take from the recorder of graphs."""

from infra.environments import ROOT
from infra.graph.model import PACKAGE, Graph, Resource
from infra.graph.recording import record, stack_file
from infra.graph.secrets import SIGNATURE as SECRET

__all__ = ["PACKAGE", "ROOT", "SECRET", "Graph", "Resource", "record", "stack_file"]
