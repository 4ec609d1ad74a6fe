"""How the times of searches and of indexing grow with the number of passages."""
