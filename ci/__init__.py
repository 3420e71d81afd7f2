"""What the pipeline's jobs run: `ci --help`. Everything here runs by hand too."""
