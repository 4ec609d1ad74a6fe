"""Measured quality and speed, against named peers."""
