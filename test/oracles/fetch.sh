#!/usr/bin/env bash
# PostgreSQL's own regression SQL, into the folder given as $1. It comes with the source of the Python package pglast, which carries
# libpg_query's copy of src/test/regress/sql (PostgreSQL 18). A second run finds it there.
set -euo pipefail
cache=$1
requirement='pglast==8.8 --hash=sha256:ff9998ec6bac4f30f84db6b6edb28a0fb03b1eda5c8ad211ab8362f5a08b833b'
[[ -f $cache/from && $(<"$cache/from") == "$requirement" ]] && exit
if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends python3-venv
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/python"
printf '%s\n' "$requirement" >"$work/requirements.txt"
"$work/python/bin/pip" download --quiet --disable-pip-version-check --require-hashes --no-deps --no-binary :all: \
  --requirement "$work/requirements.txt" --dest "$work"
rm -rf "$cache"
mkdir -p "$cache"
tar --extract --gzip --file "$work"/pglast-*.tar.gz --directory "$cache" --strip-components 5 --wildcards \
  '*/libpg_query/test/sql/postgres_regress/*.sql'
printf '%s\n' "$requirement" >"$cache/from"
