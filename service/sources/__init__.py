"""Where files come from, kept in step: added, synced by the clock or on demand, removed."""
