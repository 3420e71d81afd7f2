"""What Pulumi writes down for itself and promises nobody: locks and state in its backend. README.md beside this says more."""
