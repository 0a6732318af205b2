"""Custom integrations of this repository, importable by Home Assistant's loader."""
