"""The driver: runs the rules over a change: precedence, silencing, placing."""
