"""How each classifier of the catalogue decides: one module for each."""
