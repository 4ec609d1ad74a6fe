"""Agents: each one folder, one definition, offered on every surface."""
