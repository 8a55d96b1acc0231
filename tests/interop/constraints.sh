# SPDX-License-Identifier: Apache-2.0
# Name constraints and path lengths of every CA above, not of the issuer alone: what Remint refuses to sign is made with the openssl program
# and the same key instead, and refused by OpenSSL, GnuTLS and Java; what Remint signs all of them accept. Then the paths over
# cross-certificates.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
mkdir -p p/certificates
cat >p/certificates/anything.cfg <<'END'
extends = "web-server";
title = "Whatever is asked for";
subject: { allow = [ "C", "O", "OU", "CN", "emailAddress" ]; };
san: { allow = [ "dns", "ip", "email", "uri" ]; };
END
ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
quietly openssl req -x509 $ec -keyout root.key -out root.pem -subj '/O=Lab/CN=Root' -days 3650 -addext keyUsage=critical,keyCertSign,cRLSign
quietly openssl req $ec -keyout mid.key -out mid.csr -subj '/O=Lab/CN=Policy'
quietly "$REMINT" init --home bare --no-root --no-password
# Its name is within O=Inner, which a row below allows alone; and no host, or Java would hold it against DNS constraints.
"$REMINT" ca request --home bare --subject 'O=Inner,CN=Issuing CA' --key-type ec:p256 --publish-url http://pki.lab/ >ca.csr 2>"$TMP/err"
cp bare/keys/*.pem ca.key
CA='keyUsage=critical,keyCertSign,cRLSign'
KEYS='subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid'

# chain NAME EXTENSION...: NAME.mid with these extensions, below it NAME.ca, which has none of them, in a home of its own.
chain() {
	chain=$1
	shift
	[ -d "$chain" ] && return 0
	{
		printf '%s\n' "$CA" "$KEYS"
		for line; do printf '%s\n' "$line"; done
		printf '[inner]\norganizationName=Inner\n[other]\norganizationName=Other\n'
	} >"$chain.ext"
	quietly openssl x509 -req -in mid.csr -CA root.pem -CAkey root.key -set_serial 0x2222333344445555 -days 3000 -extfile "$chain.ext" \
		-out "$chain.mid"
	printf '%s\n' "$CA" 'basicConstraints=critical,CA:TRUE,pathlen:0' "$KEYS" >ca.ext
	quietly openssl x509 -req -in ca.csr -CA "$chain.mid" -CAkey mid.key -set_serial 0x3333444455556666 -days 2900 -extfile ca.ext -out "$chain.ca"
	cp -a bare "$chain"
	quietly "$REMINT" ca install --home "$chain" "$chain.ca" "$chain.mid" root.pem
}
# forge SUBJECT SAN: leaf.pem by the openssl program, which asks nobody.
forge() {
	quietly openssl req $ec -keyout leaf.key -out leaf.csr -subj "$1"
	printf '%s\nsubjectAltName=%s\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n' "$KEYS" "$2" >leaf.ext
	quietly openssl x509 -req -in leaf.csr -CA "$chain.ca" -CAkey ca.key -set_serial 0x4444555566667777 -days 90 -extfile leaf.ext -out leaf.pem
}
java=no
if have javac; then
	cp "$srcdir/tests/interop/Judge.java" .
	check "the Java judge compiles" javac -d . Judge.java
	java=yes
fi
: >java.list
: >java.want
n=0
# judged WANTED SENTENCE [WHO...]: do the others say the same of leaf.pem? WHO do not.
judged() {
	want=$1 sentence=$2
	shift 2
	n=$((n + 1))
	cp leaf.pem "$n.leaf"
	cp "$chain.ca" "$n.ca"
	cp "$chain.mid" "$n.mid"
	cat "$n.ca" "$n.mid" >"$n.between"
	case " $* " in
	*' openssl '*) skip "OpenSSL does not look there" "openssl, $sentence" ;;
	*) expect_status $((want == 0 ? 0 : 2)) "openssl agrees: $sentence" openssl verify -x509_strict -CAfile root.pem -untrusted "$n.between" "$n.leaf" ;;
	esac
	cat "$n.leaf" "$n.between" root.pem >"$n.all"
	if ! have certtool; then
		skip "certtool is not installed" "GnuTLS, $sentence"
	else
		case " $* " in
		*' gnutls '*) skip "GnuTLS does not look there" "GnuTLS, $sentence" ;;
		*) expect_status $want "GnuTLS agrees: $sentence" certtool --verify --load-ca-certificate root.pem --infile "$n.all" ;;
		esac
	fi
	case " $* " in
	*' java '*) ;;
	*)
		echo "root.pem $n.mid $n.ca $n.leaf" >>java.list
		echo "$want $sentence" >>java.want
		;;
	esac
}

DNS='nameConstraints=critical,permitted;DNS:inner.example'
NOT='nameConstraints=critical,excluded;DNS:bad.example'
IP='nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0'
MAIL='nameConstraints=critical,permitted;email:example.com'
URI='nameConstraints=critical,permitted;URI:.example.com'
DIR='nameConstraints=critical,permitted;dirName:inner'
B='basicConstraints=critical,CA:TRUE'
# chain|options of issue|verdict|subject for openssl|SAN for openssl|who does not look there
while IFS='|' read -r name extension options verdict subject san blind; do
	eval "extension=\$$extension"
	chain "$name" "$B" $extension
	rm -rf issued
	eval "set -- $options"
	if [ "$verdict" = accepted ]; then
		expect_status 0 "$options under $name is issued" "$REMINT" --policies p issue --home "$chain" --template anything --key-type ec:p256 "$@" --out issued
		cp issued/cert.pem leaf.pem
		judged 0 "$options under $name" $blind
	else
		expect_status 4 "$options under $name is refused" "$REMINT" --policies p issue --home "$chain" --template anything --key-type ec:p256 "$@" --out issued
		expect_err 'the name constraints of .*CN=Policy' "for the constraints of the CA above the issuer"
		forge "$subject" "$san"
		judged 1 "$options under $name" $blind
	fi
done <<'TABLE'
dns|DNS|--cn a.inner.example --dns a.inner.example|accepted||
dns|DNS|--cn a --dns a.outer.example|refused|/CN=a|DNS:a.outer.example
dns|DNS|--cn a --dns xinner.example|refused|/CN=a|DNS:xinner.example
not|NOT|--cn a --dns good.example|accepted||
not|NOT|--cn a --dns A.BAD.example|refused|/CN=a|DNS:A.BAD.example
ip|IP|--cn a --ip 10.1.2.3|accepted||
ip|IP|--cn a --ip 192.0.2.1|refused|/CN=a|IP:192.0.2.1
mail|MAIL|--cn a --email x@example.com|accepted||
mail|MAIL|--cn a --email x@example.org|refused|/CN=a|email:x@example.org
mail|MAIL|--subject "CN=a,emailAddress=x@example.org" --dns a.example|refused|/CN=a/emailAddress=x@example.org|DNS:a.example|gnutls java
uri|URI|--cn a --uri https://a.example.com/x|accepted|||gnutls
uri|URI|--cn a --uri https://a.example.org/x|refused|/CN=a|URI:https://a.example.org/x|gnutls
dir|DIR|--subject "CN=a,O=Inner" --dns a.example|accepted||
dir|DIR|--subject "CN=a,O=Outer" --dns a.example|refused|/O=Outer/CN=a|DNS:a.example|gnutls
cn|DNS|--cn a.outer.example --ip 10.0.0.1|refused|/CN=a.outer.example|IP:10.0.0.1|java
TABLE

# An issuer that is outside itself: nothing below it is accepted, whatever its name.
chain odd "$B" 'nameConstraints=critical,permitted;dirName:other'
expect_status 4 "a CA whose own name is outside issues nothing" "$REMINT" issue --home odd --subject 'CN=a,O=Other' --dns a.example --out issued
expect_err 'O=Inner.*CN=Issuing CA is outside the name constraints of .*CN=Policy' "and that is why"
expect_status 1 "the pre-flight finds it" "$REMINT" ca check --home odd
forge /O=Other/CN=a DNS:a.example
judged 1 "a leaf below a CA that is outside" gnutls

# A path length two above: there is no room for the issuer at all.
B=
chain short 'basicConstraints=critical,CA:TRUE,pathlen:0'
expect_status 4 "below a path length of 0 a further CA issues nothing" "$REMINT" issue --home short --dns a.example --out issued
expect_err 'the path length 0 of .*CN=Policy leaves no room' "and the CA is named"
forge /CN=a DNS:a.example
judged 1 "a leaf below a CA too many"
expect_status 1 "the pre-flight finds it" "$REMINT" ca check --home short
expect_out 'issuer\.may-issue' "before anything is asked for"
chain long 'basicConstraints=critical,CA:TRUE,pathlen:1'
rm -rf issued
expect_status 0 "with room for it, it does" "$REMINT" issue --home long --dns a.example --out issued
cp issued/cert.pem leaf.pem
judged 0 "a leaf below as many CAs as there may be"

# ---- over cross-certificates

lab --home r --no-password
quietly "$REMINT" issue --home r --dns old.example --out r.old
quietly "$REMINT" ca rotate --home r root --cross
quietly "$REMINT" ca add --home r third --parent root-2 --subject 'CN=Third CA' --key-type ec:p256
quietly "$REMINT" issue --home r --ca third --dns new.example --out r.new
quietly "$REMINT" ca rotate --home r issuing --same-name --cross
quietly "$REMINT" issue --home r --dns same.example --out r.same
quietly "$REMINT" ca export --home r --out r.d
# crossed SENTENCE ROOT LEAF CA...: accepted by all; the CAs from the top.
crossed() {
	sentence=$1 top=$2 leaf=$3
	shift 3
	cat "$@" >between
	check "openssl: $sentence" openssl verify -x509_strict -CAfile "$top" -untrusted between "$leaf"
	: >upwards
	for ca; do cat "$ca" upwards >up.new && mv up.new upwards; done
	cat "$leaf" upwards "$top" >all
	if [ "$blind" = gnutls ]; then
		skip "GnuTLS counts certificates of the issuer's own name against a path length" "GnuTLS: $sentence"
	elif have certtool; then
		check "GnuTLS: $sentence" certtool --verify --load-ca-certificate "$top" --infile all
	else
		skip "certtool is not installed" "GnuTLS: $sentence"
	fi
	echo "$top $* $leaf" >>java.list
	echo "0 $sentence" >>java.want
}
blind=
crossed "the new root's leaf by the old root" r.d/root.pem r.new/cert.pem r.d/root-2-by-root.pem r.d/third.pem
crossed "the old root's leaf by the new root" r.d/root-2.pem r.old/cert.pem r.d/root-by-root-2.pem r.d/issuing.pem
blind=gnutls
crossed "a rolled-over key below a path length of 0" r.d/root.pem r.same/cert.pem r.d/issuing.pem r.d/issuing-2-by-issuing.pem

if [ $java = yes ]; then
	java -cp . Judge <java.list >java.out
	paste -d'|' java.want java.out >java.both
	while IFS='|' read -r wanted said; do
		case $wanted:$said in
		0*:accepted* | 1*:refused*) ok "Java agrees: ${wanted#* }" ;;
		*) not_ok "Java agrees: ${wanted#* } ($said)" ;;
		esac
	done <java.both
else
	skip "javac is not installed" "Java"
fi
tap_done
