"""Contract and words of another data set, as somebody writes them who takes this repository for their own."""
