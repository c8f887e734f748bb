"""A laboratory's own screen type, panel and classifier: one file and one template each."""
