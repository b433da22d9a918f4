"""What is said of these customers; put in place of ml/steps/about.py."""

from ml.steps.attribute import Attribute

CONTRACT = "@"
POSITIVE, NEGATIVE, EVENT = "churned", "stayed", "a loss"
LABEL_MEANING = "What is predicted, “churned”: the contract ended within three months."
SOURCE = "Made up for a test."
INTENDED_USE = ("Ranks customers by the probability that they leave.",)
LIMITS = ("Learned from customers who do not exist, {braces} and all.",)
ATTRIBUTES: dict[str, Attribute] = {}
