#!/usr/bin/env bash
# socat against our UDP, Unix and multicast sockets, in both directions, and the examples among themselves.
#   socket_peers.sh <socket_echo> <directory of the examples>
set -euo pipefail
source "$(dirname "$0")/server.sh"
need socat
echo_program=$1
examples=$2
work=$(mktemp -d)
running=()
cleanup() {
  ((${#running[@]} == 0)) || kill -9 "${running[@]}" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

# Starts a program that says where it listens, or that it has subscribed; sets $said and $server.
launch() { # <program> [arguments]
  exec {output}< <(exec "$@")
  server=$!
  running+=("$server")
  read -r -t 10 said <&"$output" || fail "$* did not start"
}

finish() { # the server that was launched last ends well on SIGINT
  kill -INT "$server"
  timeout 10 tail --pid="$server" -f /dev/null || fail 'the server did not end on SIGINT'
  forget "$server"
}

forget() { # a process that has ended: its number may be another's by now
  local kept=() one
  for one in "${running[@]}"; do
    [[ $one == "$1" ]] || kept+=("$one")
  done
  running=("${kept[@]}")
}

expect() { # <expected> <command>...
  local got
  got=$("${@:2}" </dev/null 2>&1) || true
  [[ $got == "$1" ]] || fail "expected '$1', got '$got' of: ${*:2}"
}

say() { # <text> <socat address>: prints what comes back
  printf %s "$1" | timeout 20 socat -t 2 -T 2 STDIO "$2"
}

# UDP.
launch "$echo_program" udp 127.0.0.1:0
port=${said##*:}
[[ $(say 'over udp' "UDP4:127.0.0.1:$port") == 'over udp' ]] || fail 'socat got no echo over UDP'
head -c 9000 /dev/zero | tr '\0' z >"$work/large"
timeout 20 socat -b 60000 -t 2 -T 2 STDIO "UDP4:127.0.0.1:$port" <"$work/large" >"$work/got" || true
cmp -s "$work/large" "$work/got" || fail 'a large datagram came back otherwise'
finish

# Unix streams: by path and by name, served by us and by socat.
for where in "$work/stream" "@weft-interop-$$"; do
  address="UNIX-CONNECT:$where"
  [[ $where == @* ]] && address="ABSTRACT-CONNECT:${where#@}"
  launch "$echo_program" unix "$where"
  [[ $said == "listening on $where" ]] || fail "unexpected: $said"
  [[ $(say 'over unix' "$address") == 'over unix' ]] || fail "socat got no echo at $where"
  expect 'asked and answered' "$echo_program" ask "$where" 'asked and answered'
  expect "error: listen $where: Address already in use (another program serves it)" \
    "$echo_program" unix "$where"
  finish
done
[[ ! -e $work/stream ]] || fail 'the path was left behind'

socat UNIX-LISTEN:"$work/theirs",fork SYSTEM:'tr a-z A-Z' 2>/dev/null &
running+=($!)
disown
for _ in {1..100}; do [[ -S $work/theirs ]] && break; sleep 0.05; done
expect 'SHOUTED' "$echo_program" ask "$work/theirs" 'shouted'

# Unix datagrams.
launch "$echo_program" datagram "$work/datagrams"
[[ $(say 'in one piece' "UNIX-SENDTO:$work/datagrams,bind=$work/mine") == 'in one piece' ]] ||
  fail 'socat got no Unix datagram back'
finish
launch "$echo_program" datagram "@weft-interop-d-$$"
[[ $(say 'by name' "ABSTRACT-SENDTO:weft-interop-d-$$,bind=weft-interop-m-$$") == 'by name' ]] ||
  fail 'socat got no datagram back from an abstract name'
finish

# A server that is killed leaves its path behind; the next takes it over.
launch "$echo_program" unix "$work/stale"
kill -9 "$server"
timeout 10 tail --pid="$server" -f /dev/null || fail 'the server did not end on SIGKILL'
forget "$server"
[[ -S $work/stale ]] || fail 'a killed server took its path along'
launch "$echo_program" unix "$work/stale"
[[ $(say 'next' "UNIX-CONNECT:$work/stale") == next ]] || fail 'a stale path was not replaced'
finish

# Multicast over the loopback interface: ours to ours, socat's to ours, ours to socat's.
group=239.255.77.$((RANDOM % 200 + 1)):$((20000 + RANDOM % 20000))
launch "$examples/multicast" subscribe "$group" 127.0.0.1 2
"$examples/multicast" publish "$group" 127.0.0.1 'from weft'
read -r -t 10 line <&"$output" || fail 'a subscriber got nothing'
[[ $line == *': from weft' ]] || fail "a subscriber got '$line'"
printf %s 'from socat' | socat - "UDP4-DATAGRAM:$group,ip-multicast-if=127.0.0.1"
read -r -t 10 line <&"$output" || fail 'a subscriber got nothing from socat'
[[ $line == *': from socat' ]] || fail "a subscriber got '$line'"
timeout 10 tail --pid="$server" -f /dev/null || fail 'the subscriber did not end after two'
forget "$server"

timeout 10 socat -u "UDP4-RECVFROM:${group#*:},ip-add-membership=${group%:*}:127.0.0.1,reuseaddr" \
  "CREATE:$work/heard" &
listener=$!
running+=("$listener")
for _ in {1..100}; do
  "$examples/multicast" publish "$group" 127.0.0.1 'to socat'
  kill -0 "$listener" 2>/dev/null || break
  sleep 0.05
done
wait "$listener" || true
forget "$listener"
[[ $(cat "$work/heard") == 'to socat' ]] || fail 'socat, a member of the group, got something else'

# The look-up service: answers, answers that are lost, and nobody there.
launch "$examples/udp_lookup" serve 127.0.0.1:0
where=${said##* }
expect red "$examples/udp_lookup" ask "$where" weft
expect '(unknown)' "$examples/udp_lookup" ask "$where" heddle
finish
launch "$examples/udp_lookup" serve 127.0.0.1:0 60
where=${said##* }
[[ $("$examples/udp_lookup" ask "$where" warp 2>/dev/null) == blue ]] || fail 'asking again did not help'
finish
[[ $("$examples/udp_lookup" ask "$where" warp 2>&1) == *'asking again'*[rR]'efused'* ]] ||
  fail 'nobody there, and no word of it'

[[ $("$examples/ipc") == *'you said: hello, child'*"the parent's file"*'status 0' ]] || fail 'ipc went wrong'

answer=$("$examples/ping" 127.0.0.1 1 2>&1) || true
[[ $answer == 'answer 1 after '*' ms' || $answer == *CAP_NET_RAW* ]] || fail "ping said '$answer'"
if [[ $(id -u) == 0 ]] && command -v setpriv >/dev/null; then
  answer=$(setpriv --reuid=65534 --clear-groups --bounding-set=-all --inh-caps=-all "$examples/ping" 2>&1) || true
  [[ $answer == *'raw sockets need CAP_NET_RAW'* ]] || fail "ping without privilege said '$answer'"
fi
