"""`python -m sandbox.providers.aws` is the plugin process."""

from sandbox.providers.aws.provider import AwsProvider
from sandbox.providers.server import serve

if __name__ == "__main__":
    serve(AwsProvider())
