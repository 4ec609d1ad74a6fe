"""How often a model with random weights answers as the schema asks."""
