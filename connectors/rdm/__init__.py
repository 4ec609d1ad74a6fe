"""GakuNin RDM, and OSF, which speaks the same protocol: projects, files, wikis, permissions."""
