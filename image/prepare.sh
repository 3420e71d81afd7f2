#!/bin/sh
# At build time: install what the project asks for, fetch its packages, prove that it can be read, compile the runner.
set -eu
cd "$RUNNER_PROJECT"
export PYTHONPATH=/app DBT_SEND_ANONYMOUS_USAGE_STATS=false DBT_LOG_PATH=/build/logs DBT_TARGET_PATH=/build/target
export SNOWFLAKE_ACCOUNT=build SNOWFLAKE_USER=build SNOWFLAKE_ROLE=build SNOWFLAKE_DATABASE=build \
    SNOWFLAKE_WAREHOUSE=build SNOWFLAKE_SCHEMA=build
# Its own Python packages, and a dbt that it admits.
if [ -e requirements.txt ] || grep -qs require-dbt-version dbt_project.yml; then
    wanted=$(/opt/dbt/bin/python -m runner.requirements .)
    [ -z "$wanted" ] || sh /build/requirements.sh "$wanted"
fi
options="--project-dir $RUNNER_PROJECT --profiles-dir /app --profile platform"
# dbt clones such a package. The usual base images come without git, and only this stage needs it.
if grep -qsE "^[^#]*[[:space:]{,\"'-]git[\"']?:" packages.yml dependencies.yml && ! command -v git > /dev/null; then
    if ! command -v apt-get > /dev/null; then
        echo "A package of this project is a git: entry, and the base image has neither git nor apt-get to install it." \
            "Set dbt-platform:image.baseImage to an image of Debian that has one of them." >&2
        exit 1
    fi
    if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends git > /dev/null; }; then
        echo "A package of this project is a git: entry, and git can't be installed: Debian's mirrors do not answer this machine." \
            "This fails offline only. A base image that has git needs no mirror, and the Pulumi program fetches such packages itself." >&2
        exit 1
    fi
fi
VARS={}
# What only a task is given has a placeholder here; packages may ask for more.
eval "$(/opt/dbt/bin/python -m runner.placeholders . /build/refs.json)"
if [ -e packages.yml ] || [ -e dependencies.yml ]; then
    /opt/dbt/bin/dbt --quiet deps $options --vars "$VARS"
    eval "$(/opt/dbt/bin/python -m runner.placeholders . /build/refs.json)"
fi
# -P: what lies in the project is no module of dbt.
/opt/dbt/bin/python -P -m runner.schemas --quiet parse $options --vars "$VARS"
/opt/dbt/bin/python -m compileall -q /app/runner /app/dbt_refs.py
# What an image that is built by hand is made of; one with a revision says that.
find /app/project /app/runner /app/dbt_refs.py /app/profiles.yml /build/requirements.txt -type f ! -name '*.pyc' -exec sha256sum {} + | sort | sha256sum | cut -c1-16 > /app/fingerprint
rm /app/prepare.sh /app/tested.in
