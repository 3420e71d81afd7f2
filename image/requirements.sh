#!/bin/sh
# At build time: install what the project asks for beside what the image has, resolved together. Usage: requirements.sh WANTED
# WANTED: lines of a requirements file. What the platform has locked keeps its version and hashes, unless these ask for another.
set -eu
python3 -m venv /build/uv
/build/uv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --quiet --require-hashes -r /build/uv-requirements.txt
export UV_NO_CACHE=1 UV_PYTHON=/opt/dbt/bin/python
# uv does not look at pip's configuration.
[ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
uv() { /build/uv/bin/uv --quiet pip "$@"; }
printf '%s\n' "$1" > /build/project.in
if ! uv compile /app/tested.in /build/project.in --output-file /build/requirements.txt --generate-hashes --no-annotate --no-header; then
    echo "The Python packages that the project asks for and the platform's ($(grep -v '^#' /app/tested.in | paste -sd' ')) can't be" \
        "installed together. Correct its requirements.txt, or set \`requirements: false\` for its workstreams." >&2
    exit 1
fi
# pip's rule: hashes in the file are those of the packages that its author has looked at.
if grep -qs -- --hash= requirements.txt; then
    uv install --no-deps --requirements requirements.txt
fi
uv sync /build/requirements.txt
sh /build/finish.sh foreign
