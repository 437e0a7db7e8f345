"""Frames and labels in, a classifier with its card out."""
