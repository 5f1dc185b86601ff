"""Markdown, LaTeX, CSV, JSON and the page."""
