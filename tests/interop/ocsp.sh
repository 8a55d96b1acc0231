# SPDX-License-Identifier: Apache-2.0
# OCSP responses before other makers' clients: OpenSSL, GnuTLS, Java and NSS hear about certificates that are good, revoked, on hold and
# unknown, from authorities with keys of every kind, by delegated signers and by the authority itself: asked over HTTP by POST, fetched by
# GET, answered into a file (-o FILE) and signed in advance (--all -o DIR). What was signed in advance is stapled by HAProxy.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/interop/authorities.sh"
need openssl curl

cd "$TMP" || exit 99
listener=
trap 'stop_servers; [ -z "$listener" ] || kill "$listener" 2>/dev/null; tap_exit' EXIT
if have javac; then
	check "the Java judge compiles" javac -d "$TMP" "$srcdir/tests/interop/Revocation.java"
else
	skip "javac is not installed" "Java"
fi

# home NAME KEY: a CA whose keys are of this kind, with certificates good, revoked, on hold and unknown (to this home: a copy of it issued
# that), which name a responder on a port of its own. A CA that is taken over names none.
home() {
	REMINT_HOME=$TMP/$1
	eval "port_$1=$(free_port)"
	eval "port=\$port_$1"
	case $2 in
	ed25519) authority_ed "$REMINT_HOME" --ocsp-url "http://127.0.0.1:$port/" ;;
	rsa-pss) authority_pss "$REMINT_HOME" '' ;;
	rsa-pss:*) authority_pss "$REMINT_HOME" "${2#*:}" ;;
	*) quietly "$REMINT" init --no-password --root-key "$2" --issuing-key "$2" --ocsp-url "http://127.0.0.1:$port/" ;;
	esac
	for leaf in good revoked held; do
		quietly "$REMINT" issue --dns $leaf.example --key-type ec:p256 --out "$1-$leaf"
	done
	cp -a "$REMINT_HOME" copy
	quietly "$REMINT" issue --home copy --dns unknown.example --key-type ec:p256 --out "$1-unknown"
	rm -rf copy
	quietly "$REMINT" ca export --out "$1-dist"
	cp "$1-dist/root.pem" "$1-root.pem"
	cp "$1-dist/issuing.pem" "$1-issuing.pem"
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

# ---- judges: what each says of a certificate, good, revoked or unknown ----------------------------------------------------------------

# By POST, with or without a nonce.
openssl_asks() {
	[ "$2" = with ] && option= || option=-no_nonce
	openssl ocsp -url "$url" -issuer "$home-issuing.pem" -CAfile "$home-root.pem" -cert "$1" $option >judged 2>&1 </dev/null
	grep -q '^Response verify OK' judged && sed -n "s|^$1: ||p" judged
}
gnutls_asks() {
	[ "$2" = with ] && option=--nonce || option=--no-nonce
	ocsptool --ask="$url" --load-cert "$1" $option --load-issuer "$home-issuing.pem" $(gnutls_trusts) >judged 2>&1 </dev/null
	gnutls_said
}
# It looks for the authority itself, which is named by its key and not enclosed, only where --load-signer says.
gnutls_trusts() {
	[ "$signer" = --own-key ] && echo "--load-signer $home-issuing.pem" || echo "--load-trust $home-issuing.pem"
}
gnutls_said() {
	grep -q 'Verifying OCSP Response: Success' judged && sed -n 's/.*Certificate Status: //p' judged | head -n 1
}
# NSS asks the responder that the certificate names.
nss_asks() {
	ocspclnt -d "sql:$TMP/$home-nss" -S "$1" >judged 2>&1 </dev/null && nss_status=0 || nss_status=$?
	case $(cat judged) in
	*'succeeded'*) echo good ;;
	*[Rr]evoked*) echo revoked ;;
	*[Uu]nknown*) echo unknown ;;
	*) echo "status $nss_status" ;;
	esac
}
# In a file.
openssl_reads() {
	openssl ocsp -respin "$2" -issuer "$home-issuing.pem" -CAfile "$home-root.pem" -cert "$1" -no_nonce >judged 2>&1 </dev/null
	grep -q '^Response verify OK' judged && sed -n "s|^$1: ||p" judged
}
gnutls_reads() {
	ocsptool --verify-response --load-response "$2" --load-issuer "$home-issuing.pem" $(gnutls_trusts) >judged 2>&1 </dev/null
	gnutls_said
}
# Java is started once for many questions, java.in: what it says of each is a line of java.out. How each is told stands in java.told.
java_asks() {
	case $home in # the root of what was taken over is not here
	pss*) java_words=,leaf ;;
	*) java_words= ;;
	esac
	for java_leaf in good revoked held unknown; do
		for java_nonce in nonce -; do
			echo "$url $java_nonce$java_words $home-root.pem $home-issuing.pem $home-$java_leaf/cert.pem" >>java.in
			[ $java_nonce = nonce ] && echo "$java_leaf with nonce" >>java.told || echo "$java_leaf without nonce" >>java.told
		done
	done
}
java_reads() {
	echo "$3 leaf $home-root.pem $home-issuing.pem $home-$1/cert.pem" >>java.in
	echo "$1 $2" >>java.told
}
java_judges() {
	java -cp "$TMP" Revocation <java.in >java.out 2>&1
	while read -r java_leaf java_how && read -r java_said <&3; do
		case $java_said in
		accepted) java_got=good ;;
		*REVOKED*) java_got=revoked ;;
		*UNDETERMINED_REVOCATION_STATUS*nknown*) java_got=unknown ;;
		*) java_got=nothing ;;
		esac
		heard Java "$java_leaf" "$java_how" $java_got
	done <java.told 3<java.out
	check "$home $signer: Java has judged all" test "$(wc -l <java.out)" -eq "$(wc -l <java.in)"
	rm java.in java.told
}

# heard JUDGE LEAF HOW GOT
heard() {
	heard_want=$2
	[ "$2" = held ] && heard_want=revoked
	[ "$4" = "$heard_want" ] && ok "$home $signer: $1 hears that it is $2, $3" ||
		not_ok "$home $signer: $1 hears that it is $2, $3 ($4)" judged java.out listener.err
}
# in_file LEAF HOW FILE: all who read files.
in_file() {
	heard OpenSSL "$1" "$2" "$(openssl_reads "$home-$1/cert.pem" "$3")"
	if gnutls_can; then heard GnuTLS "$1" "$2" "$(gnutls_reads "$home-$1/cert.pem" "$3")"; fi
	if have javac; then java_reads "$1" "$2" "$3"; fi
}

# ---- each kind of authority and signer --------------------------------------------------------------------------------------------------

home rsa rsa:2048
home ec ec:p256
home big ec:p384
home ed ed25519
home pss rsa-pss
home pss384 rsa-pss:sha384
gnutls_can() {
	have ocsptool && [ -z "$without_gnutls" ]
}
while IFS='|' read -r name signer without_nss without_gnutls; do
	home=$name REMINT_HOME=$TMP/$name
	gnutls_can || skip "${without_gnutls:-ocsptool is not installed}" "$name $signer: GnuTLS"
	check "$home $signer: all in advance" "$REMINT" ocsp --all --force --out "$home-all" $signer
	for leaf in good revoked held; do
		in_file $leaf "in advance" "$(echo "$home-all"/*-"$(openssl x509 -in "$home-$leaf/cert.pem" -noout -serial |
			cut -d= -f2 | tr A-F a-f).ocsp")"
	done
	listen "$name" $signer
	for leaf in good revoked held unknown; do
		quietly openssl ocsp -issuer "$home-issuing.pem" -cert "$home-$leaf/cert.pem" -no_nonce -reqout q
		check "$home $signer: $leaf, into a file" "$REMINT" ocsp q $signer --force --out "$leaf.file"
		in_file $leaf "in a file" "$leaf.file"
		curl -s -o "$leaf.get" "$url$(base64 -w 0 q | sed 's/+/%2B/g; s|/|%2F|g; s/=/%3D/g')"
		in_file $leaf "by GET" "$leaf.get"
		for nonce in with without; do
			heard OpenSSL $leaf "$nonce nonce" "$(openssl_asks "$home-$leaf/cert.pem" $nonce)"
			if gnutls_can; then heard GnuTLS $leaf "$nonce nonce" "$(gnutls_asks "$home-$leaf/cert.pem" $nonce)"; fi
		done
	done
	if have javac; then
		java_asks
		java_judges
	fi
	if [ -n "$without_nss" ]; then
		skip "$without_nss" "$name $signer: NSS"
	elif have ocspclnt && have certutil; then
		mkdir "$home-nss" 2>/dev/null && {
			quietly certutil -N -d "sql:$home-nss" --empty-password
			quietly certutil -A -d "sql:$home-nss" -n root -t C,C,C -i "$home-root.pem"
			quietly certutil -A -d "sql:$home-nss" -n issuing -t ,, -i "$home-issuing.pem"
			for leaf in good revoked held unknown; do
				quietly certutil -A -d "sql:$home-nss" -n $leaf -t ,, -i "$home-$leaf/cert.pem"
			done
		}
		for leaf in good revoked held unknown; do
			heard NSS $leaf "without nonce" "$(nss_asks $leaf)"
		done
	else
		skip "ocspclnt is not installed" "$name $signer: NSS"
	fi
	unlisten
done <<'TABLE'
rsa|||
rsa|--own-key||
ec|--key-type ec:p256||
ec|--own-key||
big|||
big|--own-key||
ed||NSS knows no Ed25519|
ed|--own-key|NSS knows no Ed25519|
pss||NSS asks where the certificate says, and those of a CA that is taken over say nothing|
pss|--own-key|NSS asks where the certificate says, and those of a CA that is taken over say nothing|
pss384||NSS asks where the certificate says, and those of a CA that is taken over say nothing|
pss384|--own-key|NSS asks where the certificate says, and those of a CA that is taken over say nothing|GnuTLS does not read a response's PSS parameters
TABLE

# What is said of GnuTLS: openssl's own response by that key is refused likewise.
if have ocsptool; then
	printf 'V\t301122000000Z\t\t%s\tunknown\t/CN=good.example\n' "$(openssl x509 -in pss384-good/cert.pem -noout -serial | cut -d= -f2)" >index.txt
	quietly openssl ocsp -issuer pss384-issuing.pem -cert pss384-good/cert.pem -no_nonce -reqout q
	quietly openssl ocsp -index index.txt -CA pss384-issuing.pem -rsigner pss384-issuing.pem -rkey pss.key -rmd sha384 -ndays 3 -reqin q -respout r
	home=pss384 signer=--own-key
	heard OpenSSL good "by openssl itself" "$(openssl_reads pss384-good/cert.pem r)"
	expect_status 1 "$home $signer: GnuTLS refuses openssl's response by a key for PSS with SHA-384" \
		ocsptool --verify-response --load-response r --load-signer pss384-issuing.pem
fi

# ---- somebody else's ------------------------------------------------------------------------------------------------------------
listen rsa
openssl ocsp -url "$url" -issuer ec-issuing.pem -CAfile ec-root.pem -cert ec-good/cert.pem >judged 2>&1
expect_line judged 'unauthorized' "openssl hears that another home's certificate is none of its"
openssl ocsp -url "$url" -issuer rsa-issuing.pem -CAfile rsa-root.pem -serial 0x77 >judged 2>&1
expect_line judged '^0x77: unknown' "and that a serial number was never issued"
expect_line judged '^Response verify OK' "in a response that it accepts"
if have javac; then
	home=ec
	java_asks
	java -cp "$TMP" Revocation <java.in >java.out 2>&1
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
