"""Documents → the Markdown sources of the knowledge, and the chunks of these that are worth extracting from."""
