#!/bin/sh
# At build time: fetch the project's packages, prove that the project can be read, compile the runner.
set -eu
cd /app/project
export DBT_SEND_ANONYMOUS_USAGE_STATS=false DBT_LOG_PATH=/build/logs DBT_TARGET_PATH=/build/target
export SNOWFLAKE_ACCOUNT=build SNOWFLAKE_USER=build SNOWFLAKE_ROLE=build SNOWFLAKE_DATABASE=build \
    SNOWFLAKE_WAREHOUSE=build SNOWFLAKE_SCHEMA=build
options="--project-dir /app/project --profiles-dir /app --profile platform"
if [ -e packages.yml ] || [ -e dependencies.yml ]; then
    /opt/dbt/bin/dbt --quiet deps $options
fi
/opt/dbt/bin/dbt --quiet parse $options
/opt/dbt/bin/python -m compileall -q /app/runner
# What an image that is built by hand is made of; one with a revision says that.
find /app/project /app/runner /app/profiles.yml /build/requirements.txt -type f ! -name '*.pyc' -exec sha256sum {} + | sort | sha256sum | cut -c1-16 > /app/fingerprint
rm /app/prepare.sh
