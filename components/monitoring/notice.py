"""One message to people, in the two forms that it takes: a text for e-mail, and what chat applications show.

Airflow's DAGs (`dags/dbt_notice.py` is this file), the rule for tasks that died and `ops alerts` make theirs here. Nothing but the
standard library.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SUBJECT_LIMIT = 100
"""Characters that SNS accepts (API reference, Publish)."""

DESCRIPTION_LIMIT = 2000
"""Characters of a message in a chat: a block of Slack's holds 3,000 (Slack, "Section block")."""

STEP_LIMIT = 500
"""Characters of one thing to do."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What happened to whom, why, and what to do."""

    subject: str
    event: str
    """What happened, in a word, for subscriptions that want some alerts only: `failed`, `recovered`, `late`, `container`,
    `credentials`, `died`, `test`."""
    workstream: str = ""
    """Whose it is; empty: the platform's."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What tells it from others: run, try, container."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Pages to read on, by what they are."""
    why: str = ""
    """The cause, in a few sentences."""
    steps: Sequence[str] = ()
    """What to do."""
    detail: str = ""
    """All that is known; a text has it in place of cause and steps."""

    @property
    def title(self) -> str:
        return self.subject[:SUBJECT_LIMIT]

    @property
    def attributes(self) -> dict[str, str]:
        """What a subscription's filter may choose by."""
        return {"event": self.event, **({"workstream": self.workstream} if self.workstream else {})}

    @property
    def text(self) -> str:
        """For a mail."""
        body = self.detail or "\n".join([self.why, *(f"  What to do: {step}" for step in self.steps)])
        return f"{_lines({**self.facts, **self.links})}\n\n{body}"

    @property
    def chat(self) -> str:
        """For Slack and Microsoft Teams: Amazon Q Developer passes on what has this form, and drops any other (Amazon Q Developer
        in chat applications, "Custom notifications": Event schema).
        """
        links = _lines(self.links)
        why = _cut(self.why, DESCRIPTION_LIMIT - len(links))
        content = {
            "textType": "client-markdown",
            "title": self.title,
            "description": "\n".join(filter(None, [_lines(self.facts), why, links])),
            "nextSteps": [_cut(step, STEP_LIMIT) for step in self.steps],
            "keywords": [self.event, *filter(None, [self.workstream])],
        }
        about = {"threadId": self.workstream or self.event, "summary": self.title, "eventType": self.event}
        metadata = {**about, "additionalContext": dict(self.facts)}
        return json.dumps({"version": "1.0", "source": "custom", "content": content, "metadata": metadata})


def quoted(text: str) -> str:
    """What others wrote, for a chat: in Slack `<!channel>` would call everybody (Slack, "Formatting text": Escaping)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _lines(named: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in named.items())


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: max(limit, 0)]}…"
