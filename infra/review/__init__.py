"""What a change of the estate means, for those who have to say yes or no to it."""
