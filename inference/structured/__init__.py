"""JSON from models as it was asked for: the schema made fit for them, the answer checked."""
