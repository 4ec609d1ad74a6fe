"""The same tools for assistants, over the Model Context Protocol."""
