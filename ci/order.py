"""Deployments of one stack go forward: an older commit must not put back what a newer one changed.

GitLab keeps the jobs of a stack apart (`resource_group`), but a retried job, or one that waited, may be an older commit's.
"""

import subprocess

from ops.engine import Engine
from ops.errors import OpsError


def require_descent(engine: Engine) -> None:
    """Does the commit here hold all that the last deployed one held?

    Raises:
        OpsError: it does not, or Git can't tell.
    """
    deployed = engine.deployed_commit()
    if deployed is None:
        print(f"Nothing says which commit {engine.stack} was last deployed from: any may be next.", flush=True)
        return
    command = ["git", "merge-base", "--is-ancestor", deployed, "HEAD"]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        reason = process.stderr.strip() or "this commit does not descend from it, so it would put back what that one changed"
        raise OpsError(
            f"{engine.stack} was last deployed from commit {deployed[:12]}: {reason}.",
            "Nothing was changed. Deploy a commit that holds the other one. To go back on purpose, start a pipeline by hand "
            "with `back`; from a shell: ci deploy --back",
        )
