"""The catalogue of rules and what they stand on: one module per rule in the folder rules, named as the rule is.

    from analyzers import catalogue
    catalogue.names()                        # ["api-call-in-loop", "dependency-bump", ...]
    catalogue.documentation("explicit-list") # Documentation: title, why, example, not_reported, text
    catalogue.load()                         # [Analyzer, ...]: imports the rules, and with them tree-sitter

Only load() imports rules: whoever reads documentation (the web process) stays light.
"""
