"""The client alone, without Home Assistant."""
