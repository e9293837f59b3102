"""One module for each format other than PDF: a file → blocks."""
