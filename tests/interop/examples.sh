#!/usr/bin/env bash
# The examples do what they say, and say what is wrong.
#   examples.sh <directory of the examples>
set -euo pipefail
source "$(dirname "$0")/server.sh"
need nc
examples=$1

expect() { # <pattern> <command>...
  local output
  output=$("${@:2}" 2>&1 | tr -d '\r') || true # which ends lines on Windows
  grep -qE "$1" <<<"$output" || fail "expected /$1/ of: ${*:2}"$'\n'"$output"
}

expect '^hello, warp$' "$examples/hello"
expect '^hello, weft$' "$examples/hello"
expect 'an answer that took 50 ms$' "$examples/fan_out"
expect 'no answer in time$' "$examples/fan_out"
expect '^the answer that took 20 ms$' "$examples/first_answer"
expect '^2 3 5 7 11 13 17 19 $' "$examples/pipeline" 20
expect '^worker [0-2] has done job 5$' "$examples/worker_pool" 6 3
expect ' ms: caller 19$' "$examples/rate_limiter" 500
log=$(mktemp)
expect '^fiber 9 was here$' "$examples/append_log" "$log"
[[ $(wc -l <"$log") -eq 10 ]] || fail "append_log left $(wc -l <"$log") lines"
rm "$log"
expect '^error: .*No such file' "$examples/append_log" /no/such/file
expect '^the server received 100000 bytes$' "$examples/graceful_close"
expect '^13 more bytes came before the end$' "$examples/graceful_close"
expect '^127\.0\.0\.1:1: connect 127\.0\.0\.1:1: .*refused' "$examples/fan_out" 127.0.0.1:1
expect '^error: listen 127\.0\.0\.1:http\?: ' "$examples/echo_server" '127.0.0.1:http?'
expect '^error: listen nonsense: ' "$examples/echo_server" nonsense
expect '^error: WEFT_BACKEND=abacus: no such backend' env WEFT_BACKEND=abacus "$examples/hello"
expect '^error: WEFT_WORKERS=many: ' env WEFT_WORKERS=many "$examples/hello"

start "$examples/graceful_shutdown"
expect "^1 of 1 ports are open$" "$examples/port_scanner" 127.0.0.1 "$port"
expect "^$port$" "$examples/port_scanner" 127.0.0.1 $((port - 10)) "$port"
expect '^([1-9]|10) of 11 ports are open$' "$examples/port_scanner" 127.0.0.1 $((port - 10)) "$port"
expect '^error: resolve no\.such\.host\.invalid: ' "$examples/port_scanner" no.such.host.invalid
expect "^error: listen 127.0.0.1:$port: .*another program listens there" "$examples/http_hello" "127.0.0.1:$port"
exec {client}<>"/dev/tcp/127.0.0.1/$port"
echo 'hello' >&"$client"
read -r -t 5 reply <&"$client" || fail 'graceful_shutdown did not answer'
[[ $reply == hello ]] || fail "graceful_shutdown answered '$reply'"
kill -INT "$server"
read -r -t 10 reply <&"$client" || fail 'graceful_shutdown said no farewell'
[[ $reply == 'the server is closing, goodbye' ]] || fail "graceful_shutdown's farewell was '$reply'"
timeout 10 tail --pid="$server" -f /dev/null || fail 'graceful_shutdown did not end'

start "$examples/chat_server"
exec {one}<>"/dev/tcp/127.0.0.1/$port" {two}<>"/dev/tcp/127.0.0.1/$port"
echo 'anyone here?' >&"$one"
read -r -t 5 line <&"$one" || fail 'chat_server did not send what the peer itself had said'
echo 'so am I' >&"$two"
read -r -t 5 line <&"$one" || fail 'chat_server did not pass on what another peer had said'
[[ $line == *': so am I' ]] || fail "chat_server passed on '$line'"
stop
