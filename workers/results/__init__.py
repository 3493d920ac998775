"""What performance jobs measured: read from their artifacts, held against the SLOs, and against a second run.

perfdata     bytes of an artifact in, series out; a bad file is a sentence          pure
objectives   which series an SLO speaks of, and its threshold                       pure
comparison   a run, or a base and a change: what breaks an SLO, what got worse      pure
words, plot  the same as a table and a picture                                      pure
artifacts    a job's name or an address in, its artifacts out                       the network
command      `scalability-bot results`
answer       `/scalability-check results`
"""
