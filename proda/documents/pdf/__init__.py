"""PDF: words on pages → lines, columns, tables, headings, paragraphs."""
