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
# keyless NAME TARGET: kept-NAME, the same certificate for a server that has the key already.
keyless() {
	quietly "$REMINT" convert "new-$1/fullchain.pem" --no-key --for "$2" --out "kept-$1"
}
mkdir bin

# ---- nginx ------------------------------------------------------------------------------------------------------------------
if have nginx; then
	replacement web nginx
	mkdir tls
	cp web.pem tls/fullchain.pem
	cp web.key tls/key.pem
	port=$(free_port)
	nginx_conf "$port" "$TMP/tls/fullchain.pem" "$TMP/tls/key.pem"
	printf '#!/bin/sh\nexec %s -c %s/nginx.conf -e %s/nginx.log "$@"\n' "$(command -v nginx)" "$TMP" "$TMP" >bin/nginx
	chmod +x bin/nginx
	in_background nginx bin/nginx
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
if have haproxy; then
	replacement lb haproxy
	mkdir -p haproxy/tls
	cat lb.pem lb.key >haproxy/tls/haproxy.pem
	port=$(free_port)
	haproxy_conf "$port" "$TMP/haproxy/tls/"
	mv haproxy.conf haproxy/haproxy.cfg
	in_background haproxy haproxy -W -f haproxy/haproxy.cfg
	# The unit's reload is the signal that the master gets.
	printf '#!/bin/sh\n[ "$*" = "reload haproxy" ] && kill -USR2 %s\n' "$server_pid" >bin/systemctl
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
	keyless lb haproxy
	steps kept-lb/INSTALL-haproxy.txt '2. Install' | grep '^  cp ' | sed "$here; s|<file of the key>|new-lb/key.pem|" >pasted.sh
	pasted "HAProxy: a key that was made there goes beside the certificates"
	cp kept-lb/haproxy.pem haproxy/tls/
	sed -n 's/^then: //p' kept-lb/INSTALL-haproxy.txt | sed "$here" >pasted.sh
	pasted "HAProxy: the file without a key is taken"
	expect_served new-lb/cert.pem "$port" "HAProxy serves the new certificate with that key"
else
	skip "haproxy is not installed" "HAProxy there and back"
fi
# ---- Postfix -----------------------------------------------------------------------------------------------------------------
PATH=$PATH:/usr/sbin:/sbin
if ! have postfix; then
	skip "postfix is not installed" "Postfix there and back"
elif [ "$(id -u)" -ne 0 ]; then
	skip "Postfix is started by root" "Postfix there and back"
else
	replacement mail postfix
	port=$(free_port)
	postfix_conf "$port" "smtpd_tls_cert_file = $TMP/postfix/tls/mail.corp.example.pem" \
		"smtpd_tls_key_file = $TMP/postfix/tls/mail.corp.example.pem"
	mkdir postfix/tls
	cat mail.key mail.pem >postfix/tls/mail.corp.example.pem
	for program in postfix postconf; do
		printf '#!/bin/sh\nexec %s -c %s/postfix "$@"\n' "$(command -v $program)" "$TMP" >bin/$program
		chmod +x bin/$program
	done
	start_postfix "$port" || diag "$(cat "$server_log" mail/log)"
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
	keyless mail postfix
	cp kept-mail/mail.corp.example.pem postfix/tls/
	cp new-mail/key.pem postfix/tls/mail.corp.example.key
	steps kept-mail/INSTALL-postfix.txt '2. Install' | sed "1,/cp -p/d; $here" >pasted.sh
	pasted "Postfix: a key that was made there stands before the certificates"
	expect_served new-mail/cert.pem "$port" "Postfix serves the new certificate with that key" -starttls smtp
fi
tap_done
