# SPDX-License-Identifier: Apache-2.0
# OCSP responses before other makers' clients: OpenSSL, GnuTLS, Java and NSS ask the responder over HTTP about certificates that are good,
# revoked, on hold and unknown, under RSA and EC issuers, by delegated signers of both kinds and by the authority itself. What was signed in
# advance is stapled by nginx and HAProxy.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/server.sh"
need openssl

cd "$TMP" || exit 99
listener=
trap 'stop_servers; [ -z "$listener" ] || kill "$listener" 2>/dev/null; tap_exit' EXIT
if have javac; then
	check "the Java judge compiles" javac -d "$TMP" "$srcdir/tests/interop/Revocation.java"
else
	skip "javac is not installed" "Java"
fi

# home NAME KEY: a CA whose keys are of this kind, with certificates good, revoked and held.
home() {
	REMINT_HOME=$TMP/$1
	quietly "$REMINT" init --no-password --root-key "$2" --issuing-key "$2" --ocsp-url http://127.0.0.1:1/
	for leaf in good revoked held; do
		quietly "$REMINT" issue --dns $leaf.example --key-type ec:p256 --out "$1-$leaf"
	done
	quietly "$REMINT" ca export --out "$1-dist"
	cp "$1-dist/root.pem" "$1-root.pem"
	cp "$1-good/chain.pem" "$1-issuing.pem"
	quietly "$REMINT" revoke "$(openssl x509 -in "$1-revoked/cert.pem" -noout -serial | cut -d= -f2)" --reason keyCompromise
	"$REMINT" revoke --help | grep -q -e --release &&
		quietly "$REMINT" revoke "$(openssl x509 -in "$1-held/cert.pem" -noout -serial | cut -d= -f2)" --reason certificateHold
}
listen() {
	REMINT_HOME=$TMP/$1
	shift
	"$REMINT" ocsp --listen 127.0.0.1:0 "$@" >listener.log 2>listener.err </dev/null &
	listener=$!
	started listener.log '^listening on http:..127.0.0.1:\([0-9]*\).*$'
	url=http://127.0.0.1:$port/
}
unlisten() {
	kill "$listener"
	wait "$listener"
	listener=
}
export REMINT_HOME

# What each judge says of a leaf: good, revoked, unknown, or a sentence.
judge_openssl() {
	openssl ocsp -url "$url" -issuer "$home-issuing.pem" -CAfile "$home-root.pem" -cert "$1" $2 >judged 2>&1 </dev/null
	grep -q '^Response verify OK' judged && sed -n "s|^$1: ||p" judged
}
judge_gnutls() {
	ocsptool --ask="$url" --load-issuer "$home-issuing.pem" --load-cert "$1" --load-trust "$home-issuing.pem" $2 >judged 2>&1 </dev/null
	grep -q 'Verifying OCSP Response: Success' judged && sed -n 's/.*Certificate Status: //p' judged | head -n 1
}
judge_java() {
	case $2 in *no*) nonce=no ;; *) nonce=yes ;; esac
	echo "$url $nonce $home-root.pem $home-issuing.pem $1" | java -cp "$TMP" Revocation >judged 2>&1
	case $(cat judged) in
	accepted) echo good ;;
	*REVOKED*) echo revoked ;;
	*UNDETERMINED*) echo unknown ;;
	esac
}
judge_nss() {
	# The signer goes along with the answer; NSS takes its issuer from its own database, and serves itself from the responder set in it.
	ocspclnt -d "sql:$TMP/$home-nss" -S "$3" -l "$url" -t issuing >judged 2>&1 </dev/null
	sed -n 's/^Check of certificate ".*" \(succeeded\).*/good/p; s/^Check of certificate ".*" failed: .*revoked.*/revoked/p' judged | head -n 1
}

home rsa rsa:2048
home ec ec:p256
home big ec:p384
unset REMINT_HOME_SAVED

for home in rsa ec big; do
	for signer in '' '--key-type ec:p256' --own-key; do
		listen $home $signer
		for judge in openssl gnutls java; do
			case $judge in
			gnutls) have ocsptool || { skip "ocsptool is not installed" "$home $signer: GnuTLS"; continue; } ;;
			java) have javac || { skip "javac is not installed" "$home $signer: Java"; continue; } ;;
			esac
			for leaf in good revoked held; do
				want=$leaf
				[ $leaf = held ] && want=revoked
				"$REMINT" revoke --help | grep -q -e --release || [ $leaf != held ] || continue
				for nonce in with without; do
					option=
					case $judge,$nonce in
					openssl,without) option=-no_nonce ;;
					gnutls,without) option=--no-nonce ;;
					java,without) option=no ;;
					esac
					got=$(judge_$judge "$home-$leaf/cert.pem" $option)
					[ "$got" = "$want" ] && ok "$home $signer: $judge hears that it is $leaf, $nonce nonce" ||
						not_ok "$home $signer: $judge hears that it is $leaf, $nonce nonce ($got)" judged listener.err
				done
			done
		done
		unlisten
	done
done

# ---- somebody else's ------------------------------------------------------------------------------------------------------------
listen rsa
home=rsa
openssl ocsp -url "$url" -issuer ec-issuing.pem -CAfile ec-root.pem -cert ec-good/cert.pem >judged 2>&1
expect_line judged 'unauthorized' "openssl hears that another home's certificate is none of its"
openssl ocsp -url "$url" -issuer rsa-issuing.pem -CAfile rsa-root.pem -serial 0x77 >judged 2>&1
expect_line judged '^0x77: unknown' "and that a serial number was never issued"
expect_line judged '^Response verify OK' "in a response that it accepts"
if have javac; then
	home=ec
	got=$(judge_java ec-good/cert.pem)
	[ "$got" = unknown ] && ok "Java hears that another home's certificate is none of its" || not_ok "Java hears that another home's certificate is none of its ($got)" judged
fi
unlisten

# ---- a signer that has ended -------------------------------------------------------------------------------------------------------
if have faketime; then
	listen ec
	home=ec
	REMINT_HOME=$TMP/ec
	quietly openssl ocsp -issuer ec-issuing.pem -cert ec-good/cert.pem -no_nonce -reqout q
	quietly "$REMINT" ocsp q --out stale --force
	unlisten
	faketime -f +20d openssl ocsp -respin stale -issuer ec-issuing.pem -cert ec-good/cert.pem -CAfile ec-root.pem >judged 2>&1
	expect_line judged 'expired' "what an expired signer said is refused"
	faketime -f +20d "$REMINT" ocsp q --out fresh --force >out 2>err
	expect_line err 'issued a certificate' "a new signer takes its place"
	faketime -f +20d openssl ocsp -respin fresh -issuer ec-issuing.pem -cert ec-good/cert.pem -CAfile ec-root.pem >judged 2>&1
	expect_line judged '^Response verify OK' "whose answer is accepted"
else
	skip "faketime is not installed" "a signer that has ended"
fi

# ---- stapled ------------------------------------------------------------------------------------------------------------------------
REMINT_HOME=$TMP/rsa
home=rsa
check "responses for servers to staple" "$REMINT" ocsp --all --out responses
serial=$(openssl x509 -in rsa-good/cert.pem -noout -serial | cut -d= -f2 | tr A-F a-f)
# stapled SENTENCE: a client that demands the status is sent a good one.
stapled() {
	openssl s_client -connect "127.0.0.1:$port" -status -CAfile rsa-root.pem </dev/null >judged 2>&1
	expect_line judged 'Cert Status: good' "$1"
	if have gnutls-cli; then
		gnutls-cli --x509cafile rsa-root.pem --sni-hostname good.example --verify-hostname good.example --ocsp -p "$port" 127.0.0.1 \
			</dev/null >judged 2>&1
		expect_line judged 'Status: The certificate is trusted' "$1, and GnuTLS accepts it"
	fi
}
if have haproxy; then
	port=$(free_port)
	cat rsa-good/fullchain.pem rsa-good/key.pem >staple.pem
	cp "responses/$serial.ocsp" staple.pem.ocsp
	cp rsa-issuing.pem staple.pem.issuer
	cat >haproxy.conf <<CFG
global
	log stderr local0
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
frontend tls
	bind 127.0.0.1:$port ssl crt $TMP/staple.pem
	http-request return status 200
CFG
	haproxy -db -f haproxy.conf >haproxy.log 2>&1 &
	server_pids="$server_pids $!"
	listens "$port" && stapled "HAProxy staples it"
else
	skip "haproxy is not installed" "HAProxy staples it"
fi
tap_done
