"""Who may read which project: keys, linked accounts of RDM, and the rule."""
