"""The operations of the REST API, one module per kind of record. Importing this package registers them all."""

from . import apps, checks, issues, pulls, reactions, repositories, review_comments, reviews, statuses

__all__ = ["apps", "checks", "issues", "pulls", "reactions", "repositories", "review_comments", "reviews", "statuses"]
