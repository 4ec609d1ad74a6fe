"""Is a sample described well enough to reuse its data, and what should be added?"""
