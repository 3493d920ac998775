"""How code that may send a request looks: names alone, which decide what is worth a look at its types, and nothing else."""

import re

VERB = re.compile(
    r"(get|list|fetch|load|patch|update|create|delete|remove|clean|evict|mark|set|annotate|label|taint|apply|post|send"
    r"|sync|refresh|report|ensure|register|publish|save|persist|bind|recycle|provision|terminate|approve|renew)",
    re.IGNORECASE,
)
"""What a method is named that does something with an object of the API."""

PART = re.compile(r"client|control$|updater$|patcher$|helper$|recorder$|syncer$|binder$|evictor$", re.IGNORECASE)
"""What a field is named that keeps a client to do so."""

CLIENT = re.compile(rb"[cC]lient|[kK]ube|[gG]etter|\bcs\b|[rR]eader\b")
"""What an argument is named that brings a client along."""

HINT = re.compile(rf"[cC]lient|[kK]ube|[gG]etter|\bcs\b|[rR]eader\b|\.{VERB.pattern}\w*\(", re.IGNORECASE)
"""A line of code on which a wrapper may be called."""
