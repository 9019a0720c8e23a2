#!/usr/bin/env bash
# psql, from Debian's packages where it is missing. MiniStack and Ceph are installed by what starts them.
set -euo pipefail
command -v psql >/dev/null && exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends postgresql-client
