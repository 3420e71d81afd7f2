"""Witnesses from outside: what the provider that pulumi-aws wraps says of this program."""
