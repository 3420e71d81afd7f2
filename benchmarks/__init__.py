"""What the platform's ways cost and save, measured side by side on one machine."""
