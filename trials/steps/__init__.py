"""The screens of a session: how each one is shown, stored and labelled."""
