#!/bin/sh
# Make the environment in which others' verifiers check our log: tests/independent.
#
#   tools/independent.sh FOLDER REQUIREMENTS
#
# They ask for Python 3.12; where there is none an older one runs the same files (they need nothing
# of 3.12), so pip is told to look away. Every file must match a hash in the requirements.
set -eu
folder=$1
requirements=$2

python=
for name in python3.13 python3.12 python3.11 python3; do
    if "$name" -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$name
        break
    fi
done
[ -n "$python" ] || { echo "independent: no Python 3.11 or newer that makes environments" >&2; exit 1; }
"$python" -m venv --clear "$folder"
echo "independent: installing $requirements into $folder, $("$python" --version)"
"$folder/bin/python" -m pip install -qq --disable-pip-version-check --no-deps \
    --ignore-requires-python --require-hashes -r "$requirements"
