"""The rules: one module (or folder) for each, named as the rule is."""
