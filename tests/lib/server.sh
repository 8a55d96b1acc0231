# SPDX-License-Identifier: Apache-2.0
# Real servers on loopback for tests that connect, on ports that the kernel picks. Read after tap.sh; the servers end
# with the script.

server_pids=
trap 'stop_servers; tap_exit' EXIT

stop_servers() {
	for server_pid in $server_pids; do kill "$server_pid" 2>/dev/null; done
	server_pids=
}

# started LOG PATTERN: wait until a line of LOG matches the sed pattern whose \1 is the port, and put that into $port.
started() {
	server_tries=0
	until port=$(sed -n "s/$2/\\1/p" "$1" 2>/dev/null | head -n 1) && [ -n "$port" ]; do
		server_tries=$((server_tries + 1))
		if [ $server_tries -gt 100 ]; then
			not_ok "a server of the test starts" "$1"
			return 1
		fi
		sleep 0.1
	done
}

# serve [OPTION...]: openssl s_server with these options on a free port of 127.0.0.1, or at $serve_at ("[::1]:0",
# "127.0.0.2:4433"). Its port is in $port, what it says in $server_log.
serve() {
	server_log=$(mktemp "$TMP/server.XXXXXX")
	server_at=${serve_at:-127.0.0.1:0}
	openssl s_server -accept "$server_at" -www "$@" >"$server_log" 2>&1 </dev/null &
	server_pid=$!
	server_pids="$server_pids $server_pid"
	case $server_at in # a port that was asked for is not told
	*:0) started "$server_log" '^ACCEPT .*:\([0-9]*\)$' ;;
	*) started "$server_log" '^ACC\(EPT\)' && port=${server_at##*:} ;;
	esac
}

# serve_script SCRIPT [ARGUMENT...]: the same for a Python program that prints its port as its first line.
serve_script() {
	server_log=$(mktemp "$TMP/server.XXXXXX")
	python3 "$@" >"$server_log" 2>&1 </dev/null &
	server_pid=$!
	server_pids="$server_pids $server_pid"
	started "$server_log" '^\([0-9]*\)$'
}

# free_port: one on which nobody listens, printed.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
