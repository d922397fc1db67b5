#!/usr/bin/env bash
# curl and wrk against the HTTP example.
#   http_peers.sh <http_hello>
set -euo pipefail
source "$(dirname "$0")/server.sh"
need curl wrk nc

start "$1"
url=http://127.0.0.1:$port/

[[ $(curl -fsS --max-time 5 "$url") == 'hello!' ]] || fail 'curl got something else'
[[ $(curl -fsS --max-time 5 "$url" "$url" "$url" -w '%{num_connects}' | tr -d '\n') == 'hello!1hello!0hello!0' ]] ||
  fail 'curl could not reuse its connection'
[[ $(printf 'GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n' | nc -N -w 5 127.0.0.1 "$port" |
  grep -c 'hello!') == 2 ]] || fail 'two pipelined requests did not get two answers'
head -c 20000 /dev/zero | tr '\0' 'a' | nc -N -w 5 127.0.0.1 "$port" | grep -q '^HTTP/1.1 431 ' ||
  fail 'an endless header was not refused'

report=$(wrk -t 1 -c 64 -d "${WEFT_WRK_SECONDS:-5}" --timeout "${WEFT_WRK_PATIENCE:-2s}" "$url") || fail 'wrk failed'
echo "$report"
grep -q 'Socket errors\|Non-2xx' <<<"$report" && fail 'wrk saw errors'
grep -q '^Requests/sec: *[1-9]' <<<"$report" || fail 'wrk made no request'
stop
