"""Whether answer times tell ids of things that one may not see from ids of things not there."""
