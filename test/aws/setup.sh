#!/usr/bin/env bash
# Puts MiniStack, the stand-in for AWS, into the folder given as $1. A second run finds it there; what cannot be had is an error.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$1
wanted=$(sha256sum <"$here/requirements.txt")
[[ -f $cache/done && $(<"$cache/done") == "$wanted" ]] && exit 0
if ! python3 -c 'import ensurepip' 2>/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends python3-venv
fi
mkdir -p "$cache"
python3 -m venv --clear "$cache/python"
"$cache/python/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
printf '%s\n' "$wanted" >"$cache/done"
