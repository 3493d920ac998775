"""News: what a change makes cost more, before and after compared."""
