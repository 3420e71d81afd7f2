"""The policy pack: `pulumi preview --policy-pack policy` starts it and asks it about every resource."""

from controls import POLICIES
from pulumi_policy import EnforcementLevel, PolicyPack

PolicyPack("dbt-platform", policies=POLICIES, enforcement_level=EnforcementLevel.MANDATORY)
