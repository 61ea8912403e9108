"""Tables to tables: pure functions, no file, no text, no interface."""
