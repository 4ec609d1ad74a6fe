"""What every package may know of: who is asking, and what can go wrong."""
