"""Replaying labelled films through strategies and estimators, without a server."""
