"""Vectors: the port, and Qdrant behind it, in process or as a server."""
