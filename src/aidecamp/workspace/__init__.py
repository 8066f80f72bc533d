"""The embedded campaign application; one adapter of the host port."""
