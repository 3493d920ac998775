"""A program: modules, packages and names of one tree, joined from facts on demand."""
