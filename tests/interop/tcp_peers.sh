#!/usr/bin/env bash
# nc, socat, ss and iperf3 against the TCP examples.
#   tcp_peers.sh <directory of the examples>
set -euo pipefail
source "$(dirname "$0")/server.sh"
need nc socat ss iperf3
examples=$1

work=$(mktemp -d)
helper=
# Also ends what was started beside the server.
clean_up() {
  kill -9 $server $helper 2>/dev/null || true
  rm -rf "$work"
}

# The proxy passes on what was said, and the end of it, both ways.
helper_port=$((20000 + RANDOM % 10000))
socat TCP-LISTEN:$helper_port,bind=127.0.0.1,reuseaddr,fork SYSTEM:'cat; echo the end' &
helper=$!
start "$examples/tcp_proxy" "127.0.0.1:$helper_port"
trap clean_up EXIT
for _ in {1..50}; do
  nc -z 127.0.0.1 "$helper_port" && break
  sleep 0.1
done
head -c 3000017 /dev/urandom >"$work/sent"
timeout 30 socat -t 20 STDIO "TCP:127.0.0.1:$port" <"$work/sent" >"$work/got" || fail 'socat through the proxy failed'
{ cat "$work/sent"; echo the end; } | cmp -s - "$work/got" || fail 'the proxy passed something else on'
[[ $(echo hello | nc -N -w 5 127.0.0.1 "$port") == $'hello\nthe end' ]] || fail 'nc got something else through the proxy'
kill "$helper"
wait "$helper" 2>/dev/null || true
nc -N -w 5 127.0.0.1 "$port" </dev/null | grep -q . && fail 'the proxy answered without a server'
stop

# iperf3 through the proxy, one way and the other, one connection and four.
iperf3 -s -p "$helper_port" -B 127.0.0.1 >/dev/null &
helper=$!
start "$examples/tcp_proxy" "127.0.0.1:$helper_port"
trap clean_up EXIT
for _ in {1..50}; do
  ss -tln "sport = :$helper_port" | grep -q LISTEN && break
  sleep 0.1
done
for direction in '' -R '-P 4' '-P 4 -R'; do
  # shellcheck disable=SC2086
  report=$(timeout 30 iperf3 -c 127.0.0.1 -p "$port" -t 1 $direction 2>&1) ||
    fail "iperf3 $direction through the proxy failed:"$'\n'"$report"
  grep -q 'receiver' <<<"$report" || fail "iperf3 $direction reported nothing:"$'\n'"$report"
  printf 'iperf3 %-8s %s\n' "$direction" "$(awk '/receiver/ {rate = $(NF-2) " " $(NF-1)} END {print rate}' <<<"$report")"
done
kill "$helper"
wait "$helper" 2>/dev/null || true
stop

# What the system says of the options.
start "$examples/production_listener"
trap clean_up EXIT
ss -tln "sport = :$port" | grep -Eq "LISTEN +0 +1024 " || fail 'ss shows another backlog'
ss -tlnm "sport = :$port" | grep -q 'rb524288.*tb524288' || fail 'ss shows other buffers'
exec {client}<>"/dev/tcp/127.0.0.1/$port"
echo hello >&"$client"
read -r -t 5 reply <&"$client" || fail 'production_listener did not answer'
[[ $reply == hello ]] || fail "production_listener answered '$reply'"
ss -tno "sport = :$port" | grep -Eq 'keepalive,(5[0-9]|60)(\.[0-9]+)?sec|keepalive,1min' ||
  fail "ss shows no keep-alive timer: $(ss -tno "sport = :$port")"
exec {client}>&-
stop

# Two of us chat in messages with their length before them; each ends its own direction.
exec {heard}< <(exec "$examples/framed_chat" listen 127.0.0.1:0 <<<'welcome')
server=$!
read -r -t 10 line <&"$heard"
chat_port=${line##*:}
[[ $(printf 'one\ntwo\n' | timeout 20 "$examples/framed_chat" connect "127.0.0.1:$chat_port") == '> welcome' ]] ||
  fail 'the second chatter heard something else'
for word in one two; do
  read -r -t 5 line <&"$heard" || fail "the first chatter did not hear '$word'"
  [[ $line == "> $word" ]] || fail "the first chatter heard '$line'"
done
timeout 10 tail --pid="$server" -f /dev/null || fail 'the first chatter did not end'
