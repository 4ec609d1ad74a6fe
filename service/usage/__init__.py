"""What calls of models used: kept before the caller has the answer, then moved to the database."""
