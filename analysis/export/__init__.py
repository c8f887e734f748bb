"""The results bundle of a study: data, tables, figures, code and metadata."""
