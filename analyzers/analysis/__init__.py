"""The vocabulary of analysis: Analyzer, Diagnostic, Change, Diff, Tree, Report."""
