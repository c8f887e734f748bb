"""The deciders of the catalogue's classifiers, one module each."""
