#!/bin/sh
# Install this checkout into a virtual environment, as it is: changes to the code need no new run.
#
#   tools/package.sh FOLDER
set -eu
python=$1/bin/python
if uv=$(command -v uv); then
    "$uv" pip install --quiet --python "$python" --no-deps --no-build-isolation --editable .
else
    "$python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation \
        --editable .
fi
