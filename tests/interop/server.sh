# What the interop tests share: starting one of our servers, saying what is wrong.

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# Succeeds when a program is there; otherwise says so and has CTest count the test as skipped.
need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
  done
}

# Starts a server on a free port; sets $server (its process) and $port.
start() { # <program> [arguments after the address]
  exec {server_output}< <(exec "$1" 127.0.0.1:0 "${@:2}")
  server=$!
  trap 'kill -9 $server 2>/dev/null || true' EXIT
  local line
  read -r -t 10 line <&"$server_output" || fail "$1 did not start"
  [[ $line =~ 127\.0\.0\.1:([0-9]+) ]] || fail "$1 did not say where it listens: $line"
  port=${BASH_REMATCH[1]}
}

# Interrupts the server and sees that it ends by itself, and well.
stop() {
  kill -INT "$server"
  timeout 10 tail --pid="$server" -f /dev/null || fail 'the server did not end on SIGINT'
  local code=0
  wait "$server" || code=$?
  [[ $code -eq 0 ]] || fail "the server ended with $code on SIGINT"
}
