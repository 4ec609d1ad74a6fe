"""Who may find what: a state machine of RDM, its readers and the service, against a plain model."""
