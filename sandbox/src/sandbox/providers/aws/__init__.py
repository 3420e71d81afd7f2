"""Stand-in for the plugin `aws`."""
