"""What an API key, a project and a job leave in the database."""
