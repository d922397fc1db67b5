#!/usr/bin/env bash
# sockperf through the TCP proxy: ping-pong and throughput, no message lost, doubled or out of order.
#   sockperf.sh <directory of the examples>
set -euo pipefail
source "$(dirname "$0")/server.sh"
need sockperf ss
examples=$1

helper=
clean_up() { kill -9 ${server:-} $helper 2>/dev/null || true; }
helper_port=$((20000 + RANDOM % 10000))
sockperf server --tcp -i 127.0.0.1 -p "$helper_port" >/dev/null 2>&1 &
helper=$!
start "$examples/tcp_proxy" "127.0.0.1:$helper_port"
trap clean_up EXIT
for _ in {1..50}; do
  ss -tln "sport = :$helper_port" | grep -q LISTEN && break
  sleep 0.1
done

for size in 64 1400 16384; do
  report=$(timeout 30 sockperf ping-pong --tcp -i 127.0.0.1 -p "$port" -t 1 -m $size 2>&1) ||
    fail "sockperf ping-pong with $size bytes failed:"$'\n'"$report"
  grep -q 'dropped messages = 0; # duplicated messages = 0; # out-of-order messages = 0' <<<"$report" ||
    fail "sockperf ping-pong with $size bytes:"$'\n'"$report"
  printf 'ping-pong  %5d bytes %s\n' $size "$(sed -n 's/.*Summary: //p' <<<"$report")"
  report=$(timeout 30 sockperf throughput --tcp -i 127.0.0.1 -p "$port" -t 1 -m $size 2>&1) ||
    fail "sockperf throughput with $size bytes failed:"$'\n'"$report"
  printf 'throughput %5d bytes %s\n' $size "$(sed -n 's/.*Summary: BandWidth is //p' <<<"$report")"
done
kill -0 "$server" || fail 'the proxy died'
kill "$helper"
wait "$helper" 2>/dev/null || true
stop
