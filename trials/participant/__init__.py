"""The participants' pages: the entry, the session, and what they send."""
