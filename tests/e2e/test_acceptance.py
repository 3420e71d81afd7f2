"""`ops acceptance` on the sandbox's stack: what it is to prove on a real account, it proves here."""

import json
import subprocess
from pathlib import Path

from sandbox.demo.demo import client
from sandbox.demo.stack import Stack

PROVED = ("the plan is empty", "a failure is told", "a run leaves its traces", "a stopped container goes on")


def test_a_deployment_is_accepted_and_nothing_is_left_behind(platform: Stack, tmp_path: Path):
    """Somebody who deployed for the first time must learn within two runs whether all of it works."""
    queues, subscriptions = listeners(platform)
    page = tmp_path / "acceptance.md"
    options = ["--config-file", str(platform.configuration), "--report", str(page), "--minutes", "10", "--json"]

    done = subprocess.run(
        ["ops", "--stack", platform.name, "acceptance", "finance", *options],
        env=platform.environment,
        cwd=platform.repository,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr + done.stdout
    results = {result["check"]: result for result in json.loads(done.stdout)}
    assert {name: results[name]["outcome"] for name in PROVED} == dict.fromkeys(PROVED, "passed"), page.read_text()
    # Only what other tests deployed before is there to go back to.
    assert results["rollback and back"]["outcome"] in ("passed", "not checked"), page.read_text()
    assert f"# Acceptance of stack `{platform.name}`: accepted" in page.read_text()
    assert listeners(platform) == (queues, subscriptions)


def listeners(stack: Stack) -> tuple[list[str], list[str]]:
    """Queues of the account, and who hears the alerts."""
    topic = stack.outputs()["alertTopicArn"]
    subscriptions = client(stack, "sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return client(stack, "sqs").list_queues().get("QueueUrls", []), [one["Endpoint"] for one in subscriptions]
