"""The steps of the training pipeline, one folder each: `component.yml` for Azure ML, `main.py` to run it.

A step runs as `python -m ml.steps.STEP.main` in a directory that holds the packages `ml/` and `scoring/`. Its
`main.py` only reads and writes; what it decides is in the pure functions of the modules beside it.
"""
