"""The second, small Pulumi project: what the pipeline itself needs in an AWS account."""
