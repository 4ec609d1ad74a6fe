"""How much of models a key and a person may use: exact, in all processes together."""
