"""The model card: what is measured about a model, as JSON for programs and as a page for people."""

CARD, PAGE = "card.json", "card.html"
