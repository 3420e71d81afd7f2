"""docs/architecture.md against the code: whoever looks for a resource must find where it is made."""

import re
from collections import defaultdict
from collections.abc import Iterator

from settings.project import REPOSITORY
from tests.unit.recorder import Stack

PAGE = REPOSITORY / "docs" / "architecture.md"
MADE = re.compile(r"\b(aws|docker)\.(?:(\w+)\.)?([A-Z]\w+)(?<!Args)\(")
TOKEN = re.compile(r"(\w+):(\w+)/\w+:(\w+)")
COMPONENT = re.compile(r"dbt-platform:(\w+):\w+(?=[$:])")

PLACEHOLDERS = {
    r"dbt-platform-dev": "<project>-<stack>",
    r"\b(sales|finance)\b": "<workstream>",
    r"eu-west-1[abc]": "<zone>",
    r"endpoints-[a-z.]+": "endpoints-<service>",
    r"data-oncall@example\.com": "<address>",
    r"acme\.eu-west-1\.privatelink\.snowflakecomputing\.com": "<warehouse.host>",
    r"dbt_(?!project)[\w/]+\.py": "<file>",
}
"""What a name has of the configuration, and what the page says instead."""


COMPONENTS = REPOSITORY / "components"
PATHS = {file.stem: file.relative_to(COMPONENTS).as_posix() for file in sorted(COMPONENTS.rglob("*.py"))}
"""Module, as type tokens have it -> its file below `components/`."""


def link(path: str) -> str:
    """A file of `components/`, for the page."""
    return f"[{path}](../components/{path})"


def index() -> dict[str, set[str]]:
    """Resource as the code spells it (`aws.s3.Bucket`) -> files of `components/` that make it."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in sorted(COMPONENTS.rglob("*.py")):
        for package, module, name in MADE.findall(file.read_text()):
            found[".".join(filter(None, (package, module, name)))].add(PATHS[file.stem])
    return found


def table() -> str:
    """The index as the page shows it."""
    rows = ["| Resource | Made in |", "|---|---|"]
    for resource, files in sorted(index().items()):
        rows.append(f"| `{resource}` | {', '.join(map(link, sorted(files)))} |")
    return "\n".join(rows)


def names(*stacks: Stack) -> str:
    """Second table of the page: what Pulumi and AWS call the resources -> the components that they are in."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for request in (request for stack in stacks for request, _ in stack.exchanges if request.custom):
        inside = tuple(COMPONENT.findall(request.parent.partition("::dbt-platform::")[2]))
        given = (request.object.fields[key].string_value for key in ("name", "family", "key") if key in request.object.fields)
        found[inside] |= {general(name) for name in (request.name, *given)}
    rows = ["| Name | Made in |", "|---|---|"]
    for inside, called in sorted(found.items()):
        links = ", for ".join(link(PATHS[module]) for module in reversed(inside))
        rows.append(f"| {', '.join(f'`{name}`' for name in sorted(called))} | {links} |")
    return "\n".join(rows)


def general(name: str) -> str:
    """The same name in any stack."""
    for pattern, placeholder in PLACEHOLDERS.items():
        name = re.sub(pattern, placeholder, name)
    return name


def spelt(stack: Stack) -> Iterator[str]:
    """The types that a program registered, as the code spells them."""
    for registration in stack.registrations():
        package, module, name = TOKEN.fullmatch(registration.type).groups()  # pyright: ignore[reportOptionalMemberAccess]
        yield ".".join([package, *([module] if module != "index" else []), name])


def test_the_page_says_of_every_resource_where_it_is_made():
    """Somebody who is woken by an alarm looks here first."""
    assert table() in PAGE.read_text(), f"docs/architecture.md should have:\n{table()}"


def test_every_resource_of_the_committed_stacks_is_in_the_index(development: Stack, production: Stack, private: Stack):
    """A resource that is made in a way which the index overlooks would be found by nobody."""
    registered = {resource for stack in (development, production, private) for resource in spelt(stack)}

    assert registered <= index().keys()


def test_the_page_says_of_every_name_where_it_comes_from(production: Stack, private: Stack):
    """An alarm, a bill or an audit names one role among twenty, whose type alone leads to `role.py`."""
    assert names(production, private) in PAGE.read_text(), f"docs/architecture.md should have:\n{names(production, private)}"


def test_every_component_is_explained():
    """A component that the page leaves out is one that a new colleague finds by accident."""
    files = COMPONENTS.rglob("*.py")
    components = [name for file in files for name in re.findall(r"^class (\w+)\(Component\)", file.read_text(), re.MULTILINE)]

    page = PAGE.read_text()
    assert [name for name in components if f"`{name}`" not in page] == []
