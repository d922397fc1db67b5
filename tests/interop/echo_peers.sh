#!/usr/bin/env bash
# nc and socat against the echo server: what comes back is what was sent, however it was cut up.
#   echo_peers.sh <echo_server>
set -euo pipefail
source "$(dirname "$0")/server.sh"
need nc socat

work=$(mktemp -d)
start "$1"
trap 'kill -9 $server 2>/dev/null || true; rm -rf "$work"' EXIT

[[ $(echo 'one line' | nc -N -w 5 127.0.0.1 "$port") == 'one line' ]] || fail 'nc got something else back'

# A megabyte, an odd number of bytes at a time, and the end of the stream in both directions.
head -c 1048583 /dev/urandom >"$work/sent"
for chunk in 1 7 4099 65537; do
  size=$((chunk == 1 ? 20001 : 1048583))
  head -c "$size" "$work/sent" >"$work/part"
  timeout 30 socat -b "$chunk" -t 10 STDIO "TCP:127.0.0.1:$port" <"$work/part" >"$work/got" ||
    fail "socat with chunks of $chunk bytes did not end well"
  cmp -s "$work/part" "$work/got" || fail "with chunks of $chunk bytes socat got something else back"
done

# Fifty at once, each half-closing when it has sent everything.
clients=()
for i in {1..50}; do
  { head -c 5000 "$work/sent" | timeout 20 socat -t 10 STDIO "TCP:127.0.0.1:$port" | cmp -s - <(head -c 5000 "$work/sent"); } &
  clients+=($!)
done
for client in "${clients[@]}"; do
  wait "$client" || fail 'one of fifty clients got something else back'
done

# A client that goes away in the middle harms nobody.
timeout -s KILL 0.3 socat -u /dev/zero "TCP:127.0.0.1:$port" || true
[[ $(echo 'still there?' | nc -N -w 5 127.0.0.1 "$port") == 'still there?' ]] || fail 'the server is gone'
stop
