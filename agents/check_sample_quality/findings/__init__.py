"""What in a description cannot be right: one module for each kind of doubt."""
