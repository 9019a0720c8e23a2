#!/usr/bin/env bash
# psql, from Debian's packages where it is missing. MiniStack is installed by what starts it.
set -euo pipefail
command -v psql >/dev/null && exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends postgresql-client
