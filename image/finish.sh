#!/bin/sh
# At build time, whenever packages were installed beside dbt: leave what a run needs, compiled, and list it in the bill of materials.
set -eu
packages=$(echo /opt/dbt/lib/python3*/site-packages)
# A quarter of the image would be models of AWS services; the runner uses S3, logging in with a role uses STS.
find "$packages/botocore/data" -mindepth 1 -maxdepth 1 -type d ! -name s3 ! -name sts -exec rm -r {} +
# A package may have files that are no Python, or none of this version: templates, tests.
/opt/dbt/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/dbt/lib || [ "${1:-}" = foreign ]
/build/sbom/bin/cyclonedx-py environment --output-reproducible --output-format JSON --output-file /app/sbom.cdx.json /opt/dbt/bin/python
