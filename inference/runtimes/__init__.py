"""Model servers as processes of this one: how each is started, watched and ended."""
