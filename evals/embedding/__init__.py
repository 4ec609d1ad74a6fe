"""How fast the model in this process embeds, beside the same model as its library runs it."""
