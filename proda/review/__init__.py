"""The page on which people review proposals beside their source, and the server that serves it to this machine alone."""
