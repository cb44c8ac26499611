"""The other end of `unifiedvit serve`: what a client does, on the standard library and numpy alone."""
