#!/usr/bin/env bash
# A server is replaced four times while clients come and go: none is refused, none is cut off.
#   upgrade.sh <directory of the examples>
set -euo pipefail
source "$(dirname "$0")/server.sh"
example=$1/binary_upgrade
control=@weft-upgrade-$$

start "$example" "$control"
first=$server
servers=($first)
client=
failures=$(mktemp)
clean_up() {
  kill -9 "${servers[@]}" $client 2>/dev/null || true
  rm -f "$failures"
}
trap clean_up EXIT

# Asks over a new connection each time who serves; fails when that fails.
ask() {
  local peer
  exec {peer}<>"/dev/tcp/127.0.0.1/$port" || return 1
  echo >&"$peer"
  read -r -t 20 answer <&"$peer" || return 1
  exec {peer}>&-
}
ask || fail 'the first server does not answer'
[[ $answer == "$first" ]] || fail "$answer answers for $first"

( while [[ -e $failures ]]; do ask || echo failed >>"$failures"; done ) 2>/dev/null &
client=$!

# A connection that stays open through the first replacement, and is finished by who began it. Nobody
# else may inherit it, or it would not end.
exec {old}<>"/dev/tcp/127.0.0.1/$port"
echo >&"$old"
read -r -t 20 answer <&"$old" || fail 'the first server does not answer'

for number in 1 2 3 4; do
  exec {output}< <(exec "$example" 127.0.0.1:0 "$control" {old}>&-)
  servers+=($!)
  read -r -t 20 line <&"$output" || fail "server $number did not start"
  [[ $line == *"took over 127.0.0.1:$port" ]] || fail "server $number said: $line"
  if ((number == 1)); then
    echo >&"$old"
    read -r -t 20 answer <&"$old" || fail 'a connection was cut off by the upgrade'
    [[ $answer == "$first" ]] || fail "the old connection is answered by $answer"
    exec {old}>&-
  fi
  timeout 20 tail --pid="${servers[-2]}" -f /dev/null || fail "server $((number - 1)) did not end"
  ask || fail "server $number does not answer"
  [[ $answer == "${servers[-1]}" ]] || fail "$answer answers for ${servers[-1]}"
done
lost=$(wc -l <"$failures")
rm "$failures"
wait $client
client=
((lost == 0)) || fail "$lost requests failed"
