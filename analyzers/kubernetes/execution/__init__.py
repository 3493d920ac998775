"""Execution: where code runs, and how often."""
