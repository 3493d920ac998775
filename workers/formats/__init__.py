"""How `scalability-bot check` says what it found: to a person, or to a program that reads one of these formats."""
