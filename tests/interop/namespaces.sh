#!/usr/bin/env bash
# Two hosts and a wire between them, as network namespaces: what the loopback device never does.
#   namespaces.sh <far_client> <directory of the examples>
set -euo pipefail
source "$(dirname "$0")/server.sh"
need ip ss
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
# In a root entered by chroot, / may not be a mount point, and that is what the command wants.
why=$(ip netns exec $here true 2>&1) || { echo "skipped: no command can be run in a network namespace: $why"; exit 77; }
if ! ip link add near address 02:00:00:00:00:01 netns $here type veth \
  peer name far address 02:00:00:00:00:02 netns $there 2>/dev/null; then
  echo 'skipped: this kernel has no veth devices'
  exit 77
fi
ip link add near2 netns $here type veth peer name far2 netns $there
for pair in "$here near 1" "$there far 2"; do
  read -r space device number <<<"$pair"
  ip -n $space link set lo up
  ip -n $space addr add 10.213.0.$number/24 dev $device
  ip -n $space addr add fd00:213::$number/64 dev $device nodad
  ip -n $space addr add fe80::$number/64 dev $device nodad
  ip -n $space link set $device up
  ip -n $space addr add 10.215.0.$number/24 dev ${device}2
  ip -n $space link set ${device}2 up
done
# A vanished host is one that does not answer, not one that has no hardware address.
ip -n $here neigh replace 10.213.0.2 lladdr 02:00:00:00:00:02 dev near nud permanent
# What goes to these never arrives, and nobody says so.
ip -n $there route add blackhole 10.214.0.0/24
ip -n $here route add 10.214.0.0/24 via 10.213.0.2
ip -n $there -6 route add blackhole fd00:214::/64
ip -n $here -6 route add fd00:214::/64 via fd00:213::2
# A device there answers for its own addresses only, not for those of the other device.
ip netns exec $there sh -c 'cd /proc/sys/net && echo 1 >ipv4/ip_forward && echo 1 >ipv6/conf/all/forwarding &&
    echo 1 >ipv4/conf/all/arp_ignore' || { echo 'skipped: /proc/sys cannot be written'; exit 77; }
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

# An address that means something on one link only.
said=$(near "$client" connect 20000 "[fe80::2%near]:$port")
[[ $said == "connected to [fe80::2%near]:$port" ]] || fail "a link-local address: $said"
said=$(near "$client" echo 200003 "[fe80::2%near]:$port")
[[ $said == '200003 bytes came back' ]] || fail "a link-local address: $said"

# Bound to one of two devices: nothing comes or goes through the other.
for right in 'near 10.213.0.2' 'near2 10.215.0.2'; do
  read -r device address <<<"$right"
  said=$(near "$client" through $device 20000 "$address:$port")
  [[ $said == "connected to $address:$port" ]] || fail "through $device to $address: $said"
done
for wrong in 'near2 10.213.0.2' 'near 10.215.0.2'; do
  read -r device address <<<"$wrong"
  said=$(near "$client" through $device 200 "$address:$port")
  [[ $said == 'timed out in time' || $said == failed:* ]] || fail "through $device to $address: $said"
done
exec {heard}< <(near "$client" hear 7778 near near2)
read -r -t 10 line <&"$heard" || fail 'the UDP sockets of two devices were not made'
ip netns exec $there bash -c 'echo -n near >/dev/udp/10.213.0.1/7778; echo -n near2 >/dev/udp/10.215.0.1/7778'
for device in near near2; do
  read -r -t 20 line <&"$heard" || fail "nothing was heard through $device"
  [[ $line == "$device heard $device" ]] || fail "through the wrong device: $line"
done

# Narrow wires, and one that grows narrower and is cut for a moment under way.
for mtu in 1500 1280 576; do
  ip -n $here link set near mtu $mtu
  ip -n $there link set far mtu $mtu
  said=$(near "$client" echo 2000003 "10.213.0.2:$port")
  [[ $said == '2000003 bytes came back' ]] || fail "mtu $mtu: $said"
done
# The server is held up until the wire is cut, so that no transfer is too fast for that.
kill -STOP $server
near "$client" echo 3000001 "10.213.0.2:$port" >"/tmp/weft-$$.said" &
helper=$!
queued=
for _ in {1..200}; do
  # Its lines begin with how many bytes wait to be read.
  queued=$(ip netns exec $there ss -Htn state established "sport = :$port" | grep '^ *[1-9]') && break
  sleep 0.05
done
[[ $queued ]] || fail 'nothing was sent to a server that is held up'
ip -n $there link set far down
kill -CONT $server
sleep 0.2
ip -n $there link set far up
wait $helper || fail "the link was cut: $(cat "/tmp/weft-$$.said")"
said=$(cat "/tmp/weft-$$.said")
rm -f "/tmp/weft-$$.said"
helper=
[[ $said == '3000001 bytes came back' ]] || fail "the link was cut: $said"

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
helper=

# A host that vanishes says nothing: who sends is told by user_timeout, who only waits by keep-alive.
exec {ends}< <(near "$client" outlive "10.213.0.2:$port")
read -r -t 10 line <&"$ends" || fail 'not connected'
ip -n $there link set far down
for option in keep-alive user_timeout; do
  read -r -t 30 line <&"$ends" || fail "$option: no end"
  [[ $line == "$option: timed out" ]] || fail "a host that vanished: $line"
done
echo 'two hosts: time-outs, dead families, link-local addresses, two devices, narrow and cut wires, multicast, a vanished host'
