"""Acceptance: what became of the bot's comments, and which rules speak less for it.

A pull request's comments are one record, made anew from what stands on GitHub each time that somebody looks (record), and
kept in Redis together with the counts that follow from it (store). Figures are sums of these counts; a rule whose figures
in a repository are poor is demoted there (figures).
"""
