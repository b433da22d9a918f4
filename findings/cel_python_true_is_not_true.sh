#!/usr/bin/env bash
# cel-python 0.5.0 (with cel-go 0.29 beside it, which Kubernetes' own policies run by).
