#!/bin/sh
# Makes the project's environment (.venv) from the lock file, with a pinned uv of its own. Usage: sandbox/bootstrap.sh FOLDER VERSION
# FOLDER: where uv is kept between checkouts. Plain sh and the system's Python: nothing else is there yet.
set -eu
folder=${1:?folder for uv}
version=${2:?version of uv}

fail() {
    printf 'Error: %s\nWhat to do: %s\n' "$1" "$2" >&2
    exit 1
}

command -v python3 >/dev/null || fail "python3 is missing." "Install it: sudo apt-get install python3 python3-venv"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "python3 is $(python3 -V 2>&1), too old." "Put Python 3.11 or 3.12 first on the PATH."

if [ ! -x "$folder/bin/uv" ]; then
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
            fail "Python's venv module is missing." "Install it: sudo apt-get install python3-venv"
        echo "installing the Debian package python3-venv"
        apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3-venv >/dev/null
    fi
    echo "installing uv $version"
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "uv==$version" ||
        { rm -rf "$folder"; fail "uv $version could not be installed." "Is the Python package index reachable?"; }
fi

echo "installing the locked environment into .venv"
"$folder/bin/uv" sync --locked --all-groups --quiet || fail "uv sync failed, see above." "Run it again; if uv.lock is out of date: $folder/bin/uv lock"
