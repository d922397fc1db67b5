#!/usr/bin/env bash
# Two hosts and a wire between them, as network namespaces: what the loopback device never does.
#   namespaces.sh <far_client> <directory of the examples>
set -euo pipefail
source "$(dirname "$0")/server.sh"
need ip socat
client=$1 examples=$2

here=weft-$$-a there=weft-$$-b
helper=
clean_up() {
  kill -9 ${server:-} $helper 2>/dev/null || true
  ip netns del $here 2>/dev/null || true
  ip netns del $there 2>/dev/null || true
}
ip netns add $here 2>/dev/null || { echo 'skipped: network namespaces need root (or CAP_SYS_ADMIN)'; exit 77; }
trap clean_up EXIT
ip netns add $there
if ! ip link add near netns $here type veth peer name far netns $there 2>/dev/null; then
  echo 'skipped: this kernel has no veth devices'
  exit 77
fi
for pair in "$here near 1" "$there far 2"; do
  read -r space device number <<<"$pair"
  ip -n $space link set lo up
  ip -n $space addr add 10.213.0.$number/24 dev $device
  ip -n $space addr add fd00:213::$number/64 dev $device nodad
  ip -n $space link set $device up
done
# What goes to these never arrives, and nobody says so.
ip -n $there route add blackhole 10.214.0.0/24
ip -n $here route add 10.214.0.0/24 via 10.213.0.2
ip -n $there -6 route add blackhole fd00:214::/64
ip -n $here -6 route add fd00:214::/64 via fd00:213::2
ip netns exec $there sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding' ||
  { echo 'skipped: /proc/sys cannot be written'; exit 77; }
near() { timeout 100 ip netns exec $here "$@"; }

# A server in the other namespace, on all addresses; sets $server and $port.
start_there() {
  exec {output}< <(exec ip netns exec $there "$@" '[::]:0')
  server=$!
  local line
  read -r -t 10 line <&"$output" || fail "$1 did not start"
  [[ $line =~ \]:([0-9]+) ]] || fail "$1 did not say where it listens: $line"
  port=${BASH_REMATCH[1]}
}
start_there "$examples/echo_server"

said=$(near "$client" connect 300 10.214.0.1:80)
[[ $said == 'timed out in time' ]] || fail "a connect to nowhere: $said"
said=$(near "$client" connect 300 '[fd00:214::1]:80')
[[ $said == 'timed out in time' ]] || fail "a connect to nowhere by IPv6: $said"

# One family is dead, whichever: the other is tried before the dead one has timed out.
said=$(near "$client" connect 20000 '[fd00:214::1]:80' "10.213.0.2:$port")
[[ $said == "connected to 10.213.0.2:$port" ]] || fail "IPv6 dead: $said"
said=$(near "$client" connect 20000 "10.214.0.1:80" "[fd00:213::2]:$port")
[[ $said == "connected to [fd00:213::2]:$port" ]] || fail "IPv4 dead: $said"

# Narrow wires, and one that grows narrower and is cut for a moment under way.
for mtu in 1500 1280 576; do
  ip -n $here link set near mtu $mtu
  ip -n $there link set far mtu $mtu
  said=$(near "$client" echo 2000003 "10.213.0.2:$port")
  [[ $said == '2000003 bytes came back' ]] || fail "mtu $mtu: $said"
done
near "$client" echo 12000001 "10.213.0.2:$port" >"/tmp/weft-$$.said" &
helper=$!
ip -n $there link set far down
sleep 0.2
ip -n $there link set far up
wait $helper || fail "the link was cut: $(cat "/tmp/weft-$$.said")"
said=$(cat "/tmp/weft-$$.said")
rm -f "/tmp/weft-$$.said"
helper=
[[ $said == '12000001 bytes came back' ]] || fail "the link was cut: $said"

# Multicast from host to host. Who has not joined yet hears nothing, so it is said until it is heard.
ip -n $here link set near mtu 1500
ip -n $there link set far mtu 1500
exec {heard}< <(exec ip netns exec $there "$examples/multicast" subscribe 239.255.77.77:7777 10.213.0.2 1)
helper=$!
heard_it=
for _ in {1..100}; do
  near "$examples/multicast" publish 239.255.77.77:7777 10.213.0.1 'from far away' >/dev/null
  while read -r -t 0.1 line <&"$heard"; do
    [[ $line != *'from far away'* ]] || heard_it=yes
  done
  [[ -z $heard_it ]] || break
done
[[ $heard_it ]] || fail 'multicast did not arrive'
echo 'two hosts: time-outs, dead families, narrow and cut wires, multicast'
