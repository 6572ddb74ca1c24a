"""The box office: one sub-package per service, each with its own tables."""
