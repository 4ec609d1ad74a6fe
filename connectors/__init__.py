"""Where research files come from."""
