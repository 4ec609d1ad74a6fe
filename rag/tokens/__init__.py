"""What counts as a word, per script."""
