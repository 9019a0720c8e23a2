#!/usr/bin/env bash
# Fetches the clients that are not npm packages of the project, and builds the programs that need building, into the folder given as $1.
# A second run finds them there. Nothing is skipped: what cannot be had ends this script with an error.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$1
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

# Debian's packages; elsewhere these programs have to be there already.
declare -A packages=([psql]=postgresql-client [python3]=python3-venv [go]=golang-go [javac]=default-jdk-headless [mvn]=maven)
missing=()
for program in "${!packages[@]}"; do
  command -v "$program" >/dev/null || missing+=("${packages[$program]}")
done
if ((${#missing[@]})); then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${missing[@]}"
fi

# once NAME FILE... -- COMMAND...   Runs the command unless it has already been run on these very files.
once() {
  local name=$1 files=() sum
  shift
  while [[ $1 != -- ]]; do files+=("$1") && shift; done
  shift
  sum=$(cat "${files[@]}" | sha256sum)
  [[ -f $cache/$name.done && $(<"$cache/$name.done") == "$sum" ]] && return
  "$@"
  printf '%s\n' "$sum" >"$cache/$name.done"
}

python_clients() {
  python3 -m venv --clear "$cache/python"
  "$cache/python/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/clients/requirements.txt"
}

npm_clients() {
  mkdir -p "$cache/npm"
  cp "$here"/clients/npm/*.json "$cache/npm/"
  npm ci --prefix "$cache/npm" --no-audit --no-fund --ignore-scripts
}

jdbc() {
  rm -rf "$cache/java"
  mkdir -p "$cache/java"
  mvn --batch-mode --quiet --file "$here/clients/pom.xml" dependency:copy-dependencies -DoutputDirectory="$cache/java/lib"
  javac -encoding UTF-8 -Xlint:all -Werror -d "$cache/java/classes" --class-path "$cache/java/lib/*" "$here"/clients/*.java
}

pgx() {
  (cd "$here/clients/pgx" && go build -trimpath -o "$cache/pgx" .)
}

once python "$here/clients/requirements.txt" -- python_clients
once npm "$here/clients/npm/package-lock.json" -- npm_clients
once java "$here/clients/pom.xml" "$here"/clients/*.java -- jdbc
once pgx "$here"/clients/pgx/{main.go,go.mod,go.sum} -- pgx
