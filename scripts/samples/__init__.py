"""How the sample files that are no plain UTF-8 text are made, from the sources beside."""
