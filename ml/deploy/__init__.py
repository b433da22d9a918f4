"""From a registered model to a tested address: image, container group, smoke tests, release."""
