"""What users get of a model server under load: straight, and through the gateway."""
