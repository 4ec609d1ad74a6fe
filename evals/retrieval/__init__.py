"""How well the shipped search finds what people judged relevant."""
