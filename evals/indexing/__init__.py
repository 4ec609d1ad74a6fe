"""How fast files are indexed, stage by stage, beside a peer."""
