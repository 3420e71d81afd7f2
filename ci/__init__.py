"""What the pipeline's jobs run: `python -m ci --help`. Everything here runs by hand too."""
