#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A campaign over a real nginx, HAProxy and Postfix on loopback: planned from what they serve, applied, installed as the
# bundles are, seen live, closed. openssl, GnuTLS and Java, which know the root alone, refuse what was served before and
# accept what is served after.

. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/server.sh"
need openssl python3
cd "$TMP" || exit 99
umask 022
chmod 711 "$TMP" # Postfix works as a user of its own

# ---- the old certificates: nginx's and Postfix's come without their intermediate, HAProxy's is for clients only -------
old_ca
quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout issuing.key -out issuing.csr -subj '/O=Contoso/CN=Old Issuing'
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' >issuing.ext
quietly openssl x509 -req -in issuing.csr -CA root.pem -CAkey root.key -days 200 -extfile issuing.ext -out issuing.pem
# old NAME HOST USAGE: old/NAME.pem and old/NAME.key.
mkdir old new
old() {
	quietly openssl req -newkey rsa:2048 -nodes -keyout "old/$1.key" -out old.csr -subj "/O=Contoso/CN=$2"
	printf 'subjectAltName=DNS:%s\nextendedKeyUsage=%s\nauthorityKeyIdentifier=keyid\n' "$2" "$3" >old.ext
	quietly openssl x509 -req -in old.csr -CA issuing.pem -CAkey issuing.key -days 100 -extfile old.ext -out "old/$1.pem"
}
old nginx www.corp.example serverAuth
old haproxy lb.corp.example clientAuth
old postfix mail.corp.example serverAuth
cat old/nginx.pem >old/nginx.chain
cat old/haproxy.pem issuing.pem old/haproxy.key >old/haproxy.chain
cat old/postfix.key old/postfix.pem >old/postfix.chain

# ---- the new ones -----------------------------------------------------------------------------------------------------
REMINT_HOME=$TMP/home
export REMINT_HOME
lab --no-password --publish-url http://pki.corp.example/
quietly "$REMINT" ca export --out trust

# ---- the judges -------------------------------------------------------------------------------------------------------
java=no
if have javac; then
	cp "$srcdir/tests/interop/Connect.java" . && check "the Java client compiles" javac -d . Connect.java && java=yes
fi
openssl_client() { # ROOT HOST PORT tls|smtp
	openssl_starttls=
	[ "$4" = tls ] || openssl_starttls="-starttls $4"
	echo QUIT | timeout 20 openssl s_client -connect "127.0.0.1:$3" $openssl_starttls -CAfile "$1" -servername "$2" \
		-verify_return_error -verify_hostname "$2"
}
gnutls_client() {
	gnutls_starttls=
	[ "$4" = tls ] || gnutls_starttls="--starttls-proto=$4"
	echo QUIT | timeout 20 gnutls-cli --x509cafile "$1" $gnutls_starttls --sni-hostname "$2" --verify-hostname "$2" -p "$3" 127.0.0.1 \
		>gnutls.out 2>&1 # its status is also that of the ending, which Postfix makes short
	cat gnutls.out
	grep -q 'Status: The certificate is trusted' gnutls.out
}
java_client() {
	echo "$*" | timeout 60 java -cp "$TMP" Connect | grep '^accepted'
}
# judge accepted|refused-by-ERROR WHAT ROOT HOST PORT tls|smtp: with OpenSSL's number of the error.
judge() {
	judge_wanted=0 judge_error=${1#refused-by-}
	[ "$1" = accepted ] || judge_wanted=1
	judge_what="$2 is ${1%%-*} by"
	shift 2
	expect_status $judge_wanted "$judge_what openssl" openssl_client "$@"
	if [ $judge_wanted -ne 0 ]; then
		expect_err "num=$judge_error:" "with error $judge_error"
	else
		check "leaf and intermediate were sent, and no root" test "$(grep -c '^ *[0-9] s:' "$TMP/out")" -eq 2
	fi
	if have gnutls-cli; then
		expect_status $judge_wanted "$judge_what GnuTLS" gnutls_client "$@"
	else
		skip "gnutls-cli is not installed" "$judge_what GnuTLS"
	fi
	if [ $java = yes ]; then
		expect_status $judge_wanted "$judge_what Java" java_client "$@"
	else
		skip "there is no javac" "$judge_what Java"
	fi
}

# campaign TARGET HOST ENDPOINT ACTION: from the plan to the bundle in new/TARGET.
campaign() {
	expect_status 1 "$1 is planned" "$REMINT" plan "$3" --for "$1" --name "$2" --trust root.pem -o "$1.json"
	expect_line "$1.json" "\"action\": \"$4\"" "with the step $4"
	sed -i "s/\"device\": \".*\"/\"device\": \"$1\"/" "$1.json"
	check "$1 is applied" "$REMINT" apply "$1.json" --commit --out new --chain issuing.pem --key "old/$1.key"
	expect_status 1 "$1 still serves what it did" "$REMINT" verify --campaign "$1.json"
	expect_status 1 "and is not closed" "$REMINT" apply "$1.json" --close --commit
}
# live TARGET: after the restart.
live() {
	check "$1 is live" "$REMINT" verify --campaign "$1.json"
	check "$1 is closed" "$REMINT" apply "$1.json" --close --commit --confirmed-by 'a test'
	expect_out '^closed ' "as the state says"
}

serve_mail() { # PEM
	postfix_conf "$port" "smtpd_tls_chain_files = $1"
	start_postfix "$port" || diag "$(cat "$server_log" mail/log)"
}

# nginx and Postfix keep their certificate and get its intermediate; HAProxy gets a new one.
if have nginx; then
	port=$(free_port)
	start_nginx "$port" "$TMP/old/nginx.chain" "$TMP/old/nginx.key"
	judge refused-by-20 "what nginx serves" root.pem www.corp.example "$port" tls
	campaign nginx www.corp.example "127.0.0.1:$port" fix-chain
	stop_servers
	start_nginx "$port" "$TMP/new/nginx/fullchain.pem" "$TMP/new/nginx/key.pem"
	judge accepted "what nginx serves now" root.pem www.corp.example "$port" tls
	live nginx
	stop_servers
else
	skip "nginx is not installed" "nginx"
fi
if have haproxy; then
	port=$(free_port)
	start_haproxy "$port" "$TMP/old/haproxy.chain"
	judge refused-by-26 "what HAProxy serves" root.pem lb.corp.example "$port" tls
	campaign haproxy lb.corp.example "127.0.0.1:$port" reissue
	stop_servers
	start_haproxy "$port" "$TMP/new/haproxy/haproxy.pem"
	judge accepted "what HAProxy serves now" trust/root.pem lb.corp.example "$port" tls
	live haproxy
	stop_servers
else
	skip "haproxy is not installed" "HAProxy"
fi
if ! have postfix; then
	skip "postfix is not installed" "Postfix"
elif [ "$(id -u)" -ne 0 ]; then
	skip "only root starts Postfix" "Postfix"
else
	port=$(free_port)
	serve_mail "$TMP/old/postfix.chain"
	judge refused-by-20 "what Postfix serves" root.pem mail.corp.example "$port" smtp
	campaign postfix mail.corp.example "smtp://127.0.0.1:$port" fix-chain
	stop_servers
	serve_mail "$(echo "$TMP"/new/postfix/mail*.pem)"
	judge accepted "what Postfix serves now" root.pem mail.corp.example "$port" smtp
	live postfix
	[ "$tap_failed" -eq 0 ] || sed 's/^/# /' mail/log
	stop_servers
fi
check "the database is sound" "$REMINT" db check
tap_done
