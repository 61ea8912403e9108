"""Results to pictures and files, in one language."""
