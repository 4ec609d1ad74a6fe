"""Read a Vedic text from an image or from letters, find its verse, and explain it."""
