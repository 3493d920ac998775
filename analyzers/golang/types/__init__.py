"""Types in go/types' words: what a name, an expression, a member is."""
