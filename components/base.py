"""What all components share: their type token and parented children."""

from typing import ClassVar

import pulumi

from settings.project import NAMESPACE


class Component(pulumi.ComponentResource):
    """A ComponentResource with the type token `dbt-platform:<module>:<Class>`."""

    former_type: ClassVar[str] = ""
    """Token of stacks that were deployed when file or class had another name: the new one alone would make all inside anew."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None, *, protect: bool | None = None) -> None:
        """Protection is the whole component's: data that is kept without its policies would be kept unguarded."""
        module = type(self).__module__.rpartition(".")[2]
        aliases = [pulumi.Alias(type_=self.former_type)] if self.former_type else []
        options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect, aliases=aliases))
        super().__init__(f"{NAMESPACE}:{module}:{type(self).__name__}", name, None, options)

    def child(self, *, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        """Options of a resource that belongs to this component."""
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)
