"""The only reader of the ORM in the analysis: database rows become tidy rows."""
