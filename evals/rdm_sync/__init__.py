"""What syncs of GakuNin RDM cost: calls, downloads, and time beside a folder of the same files."""
