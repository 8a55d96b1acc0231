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

# home NAME KEY: a CA whose keys are of this kind, with certificates good, revoked and on hold that name a responder on a port of its own.
home() {
	REMINT_HOME=$TMP/$1
	eval "port_$1=$(free_port)"
	eval "port=\$port_$1"
	quietly "$REMINT" init --no-password --root-key "$2" --issuing-key "$2" --ocsp-url "http://127.0.0.1:$port/"
	for leaf in good revoked held; do
		quietly "$REMINT" issue --dns $leaf.example --key-type ec:p256 --out "$1-$leaf"
	done
	quietly "$REMINT" ca export --out "$1-dist"
	cp "$1-dist/root.pem" "$1-root.pem"
	cp "$1-good/chain.pem" "$1-issuing.pem"
	quietly "$REMINT" revoke "$1-revoked/cert.pem" --reason keyCompromise
	quietly "$REMINT" revoke "$1-held/cert.pem" --hold
}
# listen NAME [OPTION...]: its responder.
listen() {
	home=$1 REMINT_HOME=$TMP/$1
	eval "port=\$port_$1"
	shift
	rm -f listener.log
	"$REMINT" ocsp --listen "127.0.0.1:$port" "$@" >listener.log 2>listener.err </dev/null &
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

# What each judge says of a leaf, with or without a nonce: good, revoked or unknown.
judge_openssl() {
	[ "$2" = with ] && option= || option=-no_nonce
	openssl ocsp -url "$url" -issuer "$home-issuing.pem" -CAfile "$home-root.pem" -cert "$1" $option >judged 2>&1 </dev/null
	grep -q '^Response verify OK' judged && sed -n "s|^$1: ||p" judged
}
judge_gnutls() {
	[ "$2" = with ] && option= || option=--no-nonce
	ocsptool --ask="$url" --load-issuer "$home-issuing.pem" --load-cert "$1" --load-trust "$home-issuing.pem" $option >judged 2>&1 </dev/null
	grep -q 'Verifying OCSP Response: Success' judged && sed -n 's/.*Certificate Status: //p' judged | head -n 1
}
# Java is started once for many questions: what it says of each is a line of java.out.
judge_java() {
	for java_leaf in good revoked held; do
		echo "$url yes $home-root.pem $home-issuing.pem $home-$java_leaf/cert.pem"
		echo "$url no $home-root.pem $home-issuing.pem $home-$java_leaf/cert.pem"
	done | java -cp "$TMP" Revocation >java.out 2>&1
}
# NSS asks the responder that the certificate names.
judge_nss() {
	ocspclnt -d "sql:$TMP/$home-nss" -S "$1" >judged 2>&1 </dev/null && nss_status=0 || nss_status=$?
	case $(cat judged) in
	*'succeeded'*) echo good ;;
	*[Rr]evoked*) echo revoked ;;
	*) echo "status $nss_status" ;;
	esac
}
# heard JUDGE LEAF NONCE GOT
heard() {
	heard_want=$2
	[ "$2" = held ] && heard_want=revoked
	[ "$4" = "$heard_want" ] && ok "$home $signer: $1 hears that it is $2, $3 nonce" ||
		not_ok "$home $signer: $1 hears that it is $2, $3 nonce ($4)" judged java.out listener.err
}

home rsa rsa:2048
home ec ec:p256
home big ec:p384

while IFS='|' read -r name signer; do
	listen "$name" $signer
	for leaf in good revoked held; do
		for nonce in with without; do
			heard OpenSSL $leaf $nonce "$(judge_openssl "$home-$leaf/cert.pem" $nonce)"
			if have ocsptool; then
				heard GnuTLS $leaf $nonce "$(judge_gnutls "$home-$leaf/cert.pem" $nonce)"
			else
				skip "ocsptool is not installed" "$name $signer: GnuTLS"
			fi
		done
	done
	if have javac; then
		judge_java
		java_line=0
		for leaf in good revoked held; do
			for nonce in with without; do
				java_line=$((java_line + 1))
				case $(sed -n ${java_line}p java.out) in
				accepted) got=good ;;
				*REVOKED*) got=revoked ;;
				*) got=nothing ;;
				esac
				heard Java $leaf $nonce $got
			done
		done
	fi
	if have ocspclnt && have certutil; then
		mkdir "$home-nss" 2>/dev/null && {
			quietly certutil -N -d "sql:$home-nss" --empty-password
			quietly certutil -A -d "sql:$home-nss" -n root -t C,C,C -i "$home-root.pem"
			quietly certutil -A -d "sql:$home-nss" -n issuing -t ,, -i "$home-issuing.pem"
			for leaf in good revoked held; do
				quietly certutil -A -d "sql:$home-nss" -n $leaf -t ,, -i "$home-$leaf/cert.pem"
			done
		}
		for leaf in good revoked held; do
			heard NSS $leaf without "$(judge_nss $leaf)"
		done
	else
		skip "ocspclnt is not installed" "$name $signer: NSS"
	fi
	unlisten
done <<'TABLE'
rsa|
rsa|--own-key
ec|--key-type ec:p256
ec|--own-key
big|
TABLE

# ---- somebody else's ------------------------------------------------------------------------------------------------------------
listen rsa
openssl ocsp -url "$url" -issuer ec-issuing.pem -CAfile ec-root.pem -cert ec-good/cert.pem >judged 2>&1
expect_line judged 'unauthorized' "openssl hears that another home's certificate is none of its"
openssl ocsp -url "$url" -issuer rsa-issuing.pem -CAfile rsa-root.pem -serial 0x77 >judged 2>&1
expect_line judged '^0x77: unknown' "and that a serial number was never issued"
expect_line judged '^Response verify OK' "in a response that it accepts"
if have javac; then
	home=ec
	judge_java
	expect_line java.out '^refused .*(UNAUTHORIZED|Unauthorized)' "Java hears that another home's certificate is none of its"
fi
unlisten

# ---- a signer that has ended -------------------------------------------------------------------------------------------------------
if have faketime; then
	REMINT_HOME=$TMP/ec home=ec
	quietly openssl ocsp -issuer ec-issuing.pem -cert ec-good/cert.pem -no_nonce -reqout q
	quietly "$REMINT" ocsp q --out stale --force
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
REMINT_HOME=$TMP/rsa home=rsa
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
	cp responses/*-"$serial.ocsp" staple.pem.ocsp
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
