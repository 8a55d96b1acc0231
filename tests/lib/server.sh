# SPDX-License-Identifier: Apache-2.0
# Real servers on loopback for tests that connect, on ports that the kernel picks. Read after tap.sh; the servers end
# with the script.

server_pids= server_postfix=no
trap 'stop_servers; tap_exit' EXIT

# stop_servers: all of them, and waits until their ports are free.
stop_servers() {
	for server_pid in $server_pids; do kill "$server_pid" 2>/dev/null && wait "$server_pid" 2>/dev/null; done
	[ $server_postfix = no ] || postfix -c "$TMP/postfix" stop >/dev/null 2>&1
	server_pids= server_postfix=no
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

# listens_now PORT: does somebody listen there?
listens_now() {
	python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' "$1" 2>/dev/null
}

# listens PORT: wait until somebody does, ten seconds at most.
listens() {
	server_tries=0
	until listens_now "$1"; do
		server_tries=$((server_tries + 1))
		[ $server_tries -lt 100 ] || return 1
		sleep 0.1
	done
}

# in_background NAME COMMAND...: a server that stays in the foreground; what it says is in NAME.out, its process in $server_pid.
in_background() {
	server_log=$TMP/$1.out
	shift
	"$@" >"$server_log" 2>&1 </dev/null &
	server_pid=$!
	server_pids="$server_pids $server_pid"
}

# ---- nginx, HAProxy and Postfix: each configured by itself, or configured and started; true when it listens -----------------

# nginx_conf PORT CHAIN KEY [LINE...]: nginx.conf with further lines for its server.
nginx_conf() {
	server_port=$1 server_chain=$2 server_key=$3
	shift 3
	cat >"$TMP/nginx.conf" <<CONF
daemon off;
pid $TMP/nginx.pid;
error_log $TMP/nginx.log;
events {}
http {
	access_log off;
	client_body_temp_path $TMP/n1; proxy_temp_path $TMP/n2; fastcgi_temp_path $TMP/n3; uwsgi_temp_path $TMP/n4; scgi_temp_path $TMP/n5;
	server {
		listen 127.0.0.1:$server_port ssl;
		ssl_certificate $server_chain;
		ssl_certificate_key $server_key;
$(printf '\t\t%s\n' "$@")
		location / { return 200 "ok"; }
	}
}
CONF
}
start_nginx() {
	nginx_conf "$@"
	in_background nginx nginx -c "$TMP/nginx.conf" -e "$TMP/nginx.log"
	listens "$1"
}

# haproxy_conf PORT PEM [WORD...]: haproxy.conf with further words for its bind.
haproxy_conf() {
	server_port=$1 server_chain=$2
	shift 2
	cat >"$TMP/haproxy.conf" <<CONF
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
frontend tls
	bind 127.0.0.1:$server_port ssl crt $server_chain $*
	http-request return status 200
CONF
}
start_haproxy() {
	haproxy_conf "$@"
	in_background haproxy haproxy -db -f "$TMP/haproxy.conf"
	listens "$1"
}

# postfix_conf PORT LINE...: an instance of its own in postfix/, with its own queue; nothing of the machine's mail is touched. The
# lines are of main.cf. Its log is mail/log.
postfix_conf() {
	server_port=$1
	shift
	rm -rf "$TMP/postfix" "$TMP/mail"
	mkdir -p "$TMP/postfix" "$TMP/mail/queue" "$TMP/mail/state"
	chown postfix "$TMP/mail/state"
	cat >"$TMP/postfix/main.cf" <<CONF
compatibility_level = 3.6
config_directory = $TMP/postfix
queue_directory = $TMP/mail/queue
data_directory = $TMP/mail/state
maillog_file = $TMP/mail/log
maillog_file_prefixes = $TMP
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example
mydestination =
local_recipient_maps =
smtpd_tls_security_level = may
$(printf '%s\n' "$@")
CONF
	cat >"$TMP/postfix/master.cf" <<CONF
127.0.0.1:$server_port inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
error unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
CONF
}
# start_postfix PORT: as it was configured.
start_postfix() {
	server_log=$TMP/postfix.out
	postfix -c "$TMP/postfix" start >"$server_log" 2>&1 && server_postfix=yes && listens "$1"
}
