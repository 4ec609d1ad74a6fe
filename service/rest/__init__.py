"""The REST surface: routes that call the desk, and nothing else."""
