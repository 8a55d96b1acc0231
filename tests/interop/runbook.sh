# SPDX-License-Identifier: Apache-2.0
# The lines of a runbook do what it says: pasted line by line, with paths of this machine, they install the new certificate in a running
# nginx, HAProxy and Postfix, and bring the old one back.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/server.sh"
need openssl python3
cd "$TMP" || exit 99
umask 022
chmod 711 "$TMP"
lab --no-password
old_ca

# steps FILE TITLE: the commands of that section: lines with two blanks before them.
steps() {
	awk -v title="$2" '/^[0-9]\. / { on = $0 == title } on && /^  [a-z]/' "$1"
}
# serial FILE, served PORT [OPTION...]: of a file, of what a server sends.
serial() {
	openssl x509 -in "$1" -noout -serial
}
served() {
	served_port=$1
	shift
	openssl s_client -connect "127.0.0.1:$served_port" "$@" </dev/null 2>/dev/null | openssl x509 -noout -serial 2>/dev/null
}
# expect_served FILE PORT SENTENCE [OPTION...]: within ten seconds, as a reload takes a moment.
expect_served() {
	served_file=$1 served_at=$2 served_sentence=$3 served_tries=0
	shift 3
	until [ "$(served "$served_at" "$@")" = "$(serial "$served_file")" ] || [ $served_tries -ge 50 ]; do
		served_tries=$((served_tries + 1))
		sleep 0.2
	done
	[ $served_tries -lt 50 ] && ok "$served_sentence" || not_ok "$served_sentence"
}
# replacement NAME TARGET: new/NAME, in the place of old NAME.pem.
replacement() {
	old_cert "$1" "/O=Contoso/CN=$1.corp.example" extendedKeyUsage=serverAuth "subjectAltName=DNS:$1.corp.example"
	quietly "$REMINT" reissue "$1.pem" --key "$1.key" --for "$2" --key-type ec:p256 --out "new-$1"
}
# pasted SENTENCE: the lines in pasted.sh, in one shell.
pasted() {
	if [ -s pasted.sh ] && PATH=$TMP/bin:$PATH sh -e pasted.sh >pasted.log 2>&1; then
		ok "$1"
	else
		cat pasted.sh >>pasted.log
		not_ok "$1" pasted.log
	fi
}
mkdir bin

# ---- nginx ------------------------------------------------------------------------------------------------------------------
if command -v nginx >/dev/null 2>&1; then
	replacement web nginx
	mkdir tls
	cp web.pem tls/fullchain.pem
	cp web.key tls/key.pem
	port=$(free_port)
	cat >nginx.conf <<CONF
pid $TMP/nginx.pid;
error_log $TMP/nginx.log;
events {}
http {
	access_log off;
	client_body_temp_path $TMP/n1; proxy_temp_path $TMP/n2; fastcgi_temp_path $TMP/n3; uwsgi_temp_path $TMP/n4; scgi_temp_path $TMP/n5;
	server {
		listen 127.0.0.1:$port ssl;
		ssl_certificate $TMP/tls/fullchain.pem;
		ssl_certificate_key $TMP/tls/key.pem;
	}
}
CONF
	printf '#!/bin/sh\nexec %s -c %s/nginx.conf -e %s/nginx.log "$@"\n' "$(command -v nginx)" "$TMP" "$TMP" >bin/nginx
	chmod +x bin/nginx
	bin/nginx -g 'daemon off;' >nginx.out 2>&1 &
	server_pids="$server_pids $!"
	here="s|/etc/nginx/tls|$TMP/tls|g"
	expect_served web.pem "$port" "nginx serves the old certificate"
	steps new-web/INSTALL-nginx.txt '2. Install' | grep '^  cd ' | sed "$here" >pasted.sh
	pasted "nginx: what is there is kept"
	cp new-web/fullchain.pem new-web/key.pem tls/
	echo 'nginx -t && nginx -s reload' >pasted.sh
	pasted "nginx: the new files are taken"
	grep -q 'nginx -t && nginx -s reload' new-web/INSTALL-nginx.txt && ok "nginx: the runbook says so" || not_ok "nginx: the runbook says so"
	expect_served new-web/cert.pem "$port" "nginx serves the new certificate"
	steps new-web/INSTALL-nginx.txt '4. How to go back' | sed "$here" >pasted.sh
	pasted "nginx: the way back"
	expect_served web.pem "$port" "nginx serves the old certificate again"
else
	skip "nginx is not installed" "nginx there and back"
fi

# ---- HAProxy -----------------------------------------------------------------------------------------------------------------
if command -v haproxy >/dev/null 2>&1; then
	replacement lb haproxy
	mkdir -p haproxy/tls
	cat lb.pem lb.key >haproxy/tls/haproxy.pem
	port=$(free_port)
	cat >haproxy/haproxy.cfg <<CONF
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
frontend tls
	bind 127.0.0.1:$port ssl crt $TMP/haproxy/tls/
	http-request return status 200
CONF
	haproxy -W -f haproxy/haproxy.cfg >haproxy.out 2>&1 &
	haproxy_pid=$!
	server_pids="$server_pids $haproxy_pid"
	# The unit's reload is the signal that the master gets.
	printf '#!/bin/sh\n[ "$*" = "reload haproxy" ] && kill -USR2 %s\n' $haproxy_pid >bin/systemctl
	chmod +x bin/systemctl
	here="s|/etc/haproxy|$TMP/haproxy|g"
	expect_served lb.pem "$port" "HAProxy serves the old certificate"
	steps new-lb/INSTALL-haproxy.txt '2. Install' | grep '^  cp ' | sed "$here" >pasted.sh
	pasted "HAProxy: what is there is kept"
	cp new-lb/haproxy.pem haproxy/tls/
	sed -n 's/^then: //p' new-lb/INSTALL-haproxy.txt | sed "$here" >pasted.sh
	pasted "HAProxy: the new file is taken"
	expect_served new-lb/cert.pem "$port" "HAProxy serves the new certificate"
	steps new-lb/INSTALL-haproxy.txt '4. How to go back' | sed "$here" >pasted.sh
	pasted "HAProxy: the way back"
	expect_served lb.pem "$port" "HAProxy serves the old certificate again"
	[ "$(ls haproxy/tls)" = haproxy.pem ] && ok "HAProxy: its directory holds nothing that it should not load" ||
		not_ok "HAProxy: its directory holds nothing that it should not load"
else
	skip "haproxy is not installed" "HAProxy there and back"
fi
# ---- Postfix -----------------------------------------------------------------------------------------------------------------
PATH=$PATH:/usr/sbin:/sbin
if ! command -v postfix >/dev/null 2>&1; then
	skip "postfix is not installed" "Postfix there and back"
elif [ "$(id -u)" -ne 0 ]; then
	skip "Postfix is started by root" "Postfix there and back"
else
	replacement mail postfix
	mkdir -p postfix/tls queue/queue queue/state
	chown postfix queue/state
	cat mail.key mail.pem >postfix/tls/mail.corp.example.pem
	port=$(free_port)
	cat >postfix/main.cf <<CONF
compatibility_level = 3.6
config_directory = $TMP/postfix
queue_directory = $TMP/queue/queue
data_directory = $TMP/queue/state
maillog_file = $TMP/queue/log
maillog_file_prefixes = $TMP
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.corp.example
mydestination =
local_recipient_maps =
smtpd_tls_security_level = may
smtpd_tls_cert_file = $TMP/postfix/tls/mail.corp.example.pem
smtpd_tls_key_file = $TMP/postfix/tls/mail.corp.example.pem
CONF
	cat >postfix/master.cf <<CONF
127.0.0.1:$port inet n - n - - smtpd
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
CONF
	for program in postfix postconf; do
		printf '#!/bin/sh\nexec %s -c %s/postfix "$@"\n' "$(command -v $program)" "$TMP" >bin/$program
		chmod +x bin/$program
	done
	trap 'bin/postfix stop >/dev/null 2>&1; stop_servers; tap_exit' EXIT
	bin/postfix start >postfix.out 2>&1 || diag "$(cat postfix.out queue/log)"
	here="s|/etc/postfix/tls|$TMP/postfix/tls|g"
	expect_served mail.pem "$port" "Postfix serves the old certificate" -starttls smtp
	steps new-mail/INSTALL-postfix.txt '2. Install' | sed "$here" >lines
	sed -n '1,/cp -p/p' lines >pasted.sh
	pasted "Postfix: what is there is kept"
	cp new-mail/mail.corp.example.pem postfix/tls/
	sed '1,/cp -p/d' lines >pasted.sh
	pasted "Postfix: the new file is taken"
	expect_served new-mail/cert.pem "$port" "Postfix serves the new certificate" -starttls smtp
	steps new-mail/INSTALL-postfix.txt '4. How to go back' | sed "$here" >pasted.sh
	pasted "Postfix: the way back"
	expect_served mail.pem "$port" "Postfix serves the old certificate again" -starttls smtp
fi
tap_done
