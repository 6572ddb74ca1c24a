#!/bin/sh
# Make a virtual environment and install locked requirements into it.
#
#   tools/venv.sh FOLDER REQUIREMENTS...
#
# Looks for a Python 3.11 to 3.13 (PYTHON=/path/to/python names one) and uses uv when it is on the
# PATH, pip otherwise. Every file that is installed must match a hash in the requirements.
set -eu
folder=$1
shift

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}
supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; }
makes_venvs() { [ -n "$uv" ] || "$1" -c 'import ensurepip, venv' 2>/dev/null; }

uv=$(command -v uv || true)

choose_python() {
    without_venv=
    for name in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
        path=$(command -v "$name") || continue
        supported "$path" || continue
        if makes_venvs "$path"; then
            printf '%s\n' "$path"
            return
        fi
        without_venv=${without_venv:-$path}
    done
    if [ -n "$without_venv" ]; then
        version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        fail "$without_venv cannot make virtual environments: its venv module is missing." \
            "Debian, Ubuntu: apt-get install python$version-venv; then try again."
    fi
    if [ -n "${PYTHON:-}" ]; then
        fail "PYTHON=$PYTHON is not a Python 3.11, 3.12 or 3.13. Name another one, or leave it out."
    fi
    fail "No Python 3.11, 3.12 or 3.13 was found." \
        "Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python@3.13." \
        "If it is not on the PATH: make PYTHON=/path/to/python …"
}

if ! supported "$folder/bin/python"; then
    python=$(choose_python)
    say "making $folder with $("$python" --version) at $python"
    if [ -n "$uv" ]; then
        "$uv" venv --quiet --clear --python "$python" "$folder"
    else
        "$python" -m venv --clear "$folder"
    fi
fi

files=
for file in "$@"; do files="$files -r $file"; done
say "installing $* into $folder"
# shellcheck disable=SC2086 # a list of options
if [ -n "$uv" ]; then
    "$uv" pip install --quiet --python "$folder/bin/python" --require-hashes $files
elif "$folder/bin/python" -c 'import pip' 2>/dev/null; then
    "$folder/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes $files
else
    fail "$folder was made by uv, which is no longer on the PATH. Remove $folder, then try again."
fi
