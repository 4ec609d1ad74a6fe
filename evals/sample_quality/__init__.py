"""How well the sample check agrees with descriptions that people judged."""
