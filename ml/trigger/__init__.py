"""Trainings that start by themselves: data, the schedule and alerts ask, `decide` answers, `carry` does it.

It runs in a function app in Azure (environments/functions/retrain) and knows only light libraries.
"""
