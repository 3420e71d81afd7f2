#!/bin/sh
# Builds the image of each dbt project and scans it, before anything deploys it.
set -eu

usage() {
    cat <<END
Usage: ci/scan.sh [PROJECT...]

Builds the image of each dbt project (all in dbt_*/ and dbt_*/*/ when none is named), writes its bill of materials to
sbom-PROJECT.cdx.json (with - for /), and fails when a critical vulnerability is known that an update would mend.

TRIVY_VERSION     version of the scanner (required)
CI_REGISTRY_...   set by GitLab: its registry keeps the build's layers for the next pipeline
END
}

case ${1:-} in -h | --help) usage && exit ;; esac
: "${TRIVY_VERSION:?see ci/scan.sh --help}"

trivy() {
    # The daemon's socket is the one beside the daemon, also when the daemon is another container.
    docker run --rm --volume /var/run/docker.sock:/var/run/docker.sock --volume trivy:/root/.cache \
        "aquasec/trivy:$TRIVY_VERSION" image --quiet "$@"
}

# The default builder can't keep its layers in a registry, and with TLS a builder wants a context of its own.
docker context create ci >/dev/null
docker buildx create --name ci --driver docker-container --use ci >/dev/null
cache=
if [ -n "${CI_REGISTRY_IMAGE:-}" ]; then
    printf %s "$CI_REGISTRY_PASSWORD" | docker login --username "$CI_REGISTRY_USER" --password-stdin "$CI_REGISTRY"
    cache=$CI_REGISTRY_IMAGE/cache
fi

if [ $# -eq 0 ]; then
    for file in dbt_*/dbt_project.yml dbt_*/*/dbt_project.yml; do
        [ ! -f "$file" ] || set -- "$@" "${file%/*}"
    done
fi
vulnerable=
for project; do
    name=$(printf %s "$project" | tr / -)
    image=scan:$name
    docker buildx build --load --platform linux/amd64 --file image/Dockerfile --build-arg "PROJECT=$project" --tag "$image" \
        ${cache:+--cache-from "type=registry,ref=$cache:$name"} \
        ${cache:+--cache-to "type=registry,ref=$cache:$name,mode=max"} .
    trivy --format cyclonedx "$image" >"sbom-$name.cdx.json"
    trivy --scanners vuln --severity CRITICAL --ignore-unfixed --exit-code 1 "$image" || vulnerable="$vulnerable $project"
done
[ -z "$vulnerable" ] || {
    echo "Error: critical vulnerabilities that an update mends, in the image of:$vulnerable" >&2
    echo "What to do: raise the package named above in image/requirements, or the base image." >&2
    exit 1
}
