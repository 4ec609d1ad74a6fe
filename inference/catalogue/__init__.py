"""The models of a place: what they are, how they run, what they cost, where they answer."""
