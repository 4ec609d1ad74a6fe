"""Which embedding model answers, and the move to another one while searches and syncs go on."""
