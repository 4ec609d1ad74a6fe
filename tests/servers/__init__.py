"""Loopback stand-ins that speak the real wire formats."""
