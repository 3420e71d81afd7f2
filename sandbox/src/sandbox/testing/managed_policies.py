"""AWS's own managed policies, as moto has them: `python -m sandbox.testing.managed_policies` writes their names down."""

import json

from moto.iam.aws_managed_policies import aws_managed_policies_data

from sandbox.providers.aws.refusals.references import MANAGED_POLICIES

if __name__ == "__main__":
    found = json.loads(aws_managed_policies_data).items()
    names = sorted(f"{policy['Path']}{name}".removeprefix("/") for name, policy in found)
    MANAGED_POLICIES.write_text("".join(f"{name}\n" for name in names))
