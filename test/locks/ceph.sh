#!/usr/bin/env bash
# Ceph's object gateway on loopback, in memory: the strictest judge of Object Lock that needs no account. As root, from Debian's packages.
#   ceph.sh FOLDER MON_PORT RGW_PORT    starts it, says "ready", and runs until it is killed or its input ends
set -euo pipefail
folder=$1 mon_port=$2 rgw_port=$3

missing=()
for program in ceph-mon ceph-osd radosgw ceph; do command -v "$program" >/dev/null || missing+=("$program"); done
if ((${#missing[@]} > 0)); then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2
  apt-get install -qq -y --no-install-recommends ceph-mon ceph-osd radosgw ceph-common >&2
fi

mkdir -p "$folder"/{mon,osd,run}
fsid=$(cat /proc/sys/kernel/random/uuid)
conf=$folder/ceph.conf
cat >"$conf" <<CONF
[global]
fsid = $fsid
mon host = v2:127.0.0.1:$mon_port
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
run dir = $folder/run
admin socket = $folder/run/\$name.sock
log file = $folder/\$name.log
crash dir = $folder/run
mon data = $folder/mon
osd data = $folder/osd
osd objectstore = memstore
memstore device bytes = 1073741824
osd max object name len = 2048
osd max object namespace len = 256
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
rgw enable usage log = false
rgw gc max concurrent io = 1
CONF
pids=()
stop() { kill -9 "${pids[@]}" 2>/dev/null || true; }
trap stop EXIT
run() { "$@" >>"$folder/out.log" 2>&1 & pids+=($!); }

monmaptool --create --addv a "[v2:127.0.0.1:$mon_port]" --fsid "$fsid" "$folder/monmap" >>"$folder/out.log"
ceph-mon -c "$conf" --mkfs -i a --monmap "$folder/monmap" >>"$folder/out.log" 2>&1
run ceph-mon -c "$conf" -i a -f
ask() { timeout 60 "$1" -c "$conf" "${@:2}"; }
osd=$(cat /proc/sys/kernel/random/uuid)
ask ceph osd new "$osd" 0 >>"$folder/out.log" 2>&1
ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$osd" >>"$folder/out.log" 2>&1
run ceph-osd -c "$conf" -i 0 -f
for ((i = 0; i < 300; i++)); do ask ceph osd stat 2>/dev/null | grep -q '1 up' && break; sleep 0.2; done
ask radosgw-admin --ms_mon_client_mode crc user create --uid=test --display-name=test --access-key=test --secret-key=test >>"$folder/out.log" 2>&1
run radosgw -c "$conf" -n client.rgw -f --ms_mon_client_mode crc --rgw_frontends "beast endpoint=127.0.0.1:$rgw_port"
for ((i = 0; i < 300; i++)); do (exec 3<>"/dev/tcp/127.0.0.1/$rgw_port") 2>/dev/null && break; sleep 0.2; done
echo ready
cat >/dev/null || true
