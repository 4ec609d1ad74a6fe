"""From files to cited answers: parse, chunk, embed, store, search, answer."""
