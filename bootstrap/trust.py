"""Which GitLab jobs may assume a role: conditions on what GitLab says about a job in its token."""

from bootstrap.configuration import GitLabSettings, RefSettings

AUDIENCE = "sts.amazonaws.com"

Conditions = dict[str, dict[str, str]]


def conditions(gitlab: GitLabSettings, ref: RefSettings | None) -> Conditions:
    """Conditions on the token of a job (GitLab, "ID token authentication", "Token payload").

    Args:
        gitlab: The project.
        ref: The one ref whose jobs are meant, which must be protected; None for every ref of the project.

    On gitlab.com AWS also sees the project's number, which a new project with a deleted one's path does not get, and
    whether the ref is protected. Elsewhere it sees `aud` and `sub` only.
    In a fork's merge request path and number are the fork's, wherever it runs. That is so since GitLab 18.2.2; before, a fork's
    branch `main` was not to be told from the project's own (gitlab-org/gitlab#548165, #561735), so `ci/identity.py` asks for it.
    """
    claims = {"aud": AUDIENCE}
    if gitlab.sends_all_claims:
        claims["project_id"] = gitlab.project_id
        if ref:
            claims["ref_protected"] = "true"
    subject = _subject(gitlab, ref)
    operator = "StringLike" if "*" in subject else "StringEquals"
    if operator == "StringEquals":
        return {"StringEquals": _keys(gitlab, {**claims, "sub": subject})}
    return {"StringEquals": _keys(gitlab, claims), "StringLike": _keys(gitlab, {"sub": subject})}


def _subject(gitlab: GitLabSettings, ref: RefSettings | None) -> str:
    which = f"ref_type:{ref.type}:ref:{ref.name}" if ref else "*"
    project = gitlab.project if gitlab.subject == "project_path" else gitlab.project_id
    # Neither contains a colon, so the pattern can't reach into another project.
    return f"{gitlab.subject}:{project}:{which}"


def _keys(gitlab: GitLabSettings, claims: dict[str, str]) -> dict[str, str]:
    return {f"{gitlab.issuer}:{claim}": value for claim, value in claims.items()}
