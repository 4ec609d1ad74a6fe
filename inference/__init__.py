"""Models: in this process or behind an OpenAI-compatible endpoint."""
