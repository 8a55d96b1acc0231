# SPDX-License-Identifier: Apache-2.0
# The CA's key signs wrongly, as a broken device or a failing memory does: from the n-th signature of a command on, for every n of a small
# command, and in a long run for some. Nothing that is wrong is released, published or recorded, the command says so, and the database is
# sound. Of many signatures by an EC key a sample is verified, which a signer that goes on wrongly does not pass; by an RSA key each is.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl
nm "$REMINT" 2>/dev/null | grep -q __asan_init && skip_all "a preloaded library does not go with AddressSanitizer"
${CC:-cc} -shared -fPIC -o "$TMP/badsign.so" "$srcdir/tests/crash/badsign.c" -ldl >"$TMP/out" 2>&1 || skip_all "no shared library can be built"

cd "$TMP" && mkdir good && cd good || exit 99
for kind in rsa:2048 ec:p256; do
	quietly "$REMINT" init --home ${kind%:*} --no-password --root-key $kind --issuing-key $kind
	for n in 1 2 3 4 5 6 7 8 9 10; do quietly openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -subj /CN=$n -out $n.csr; done
	quietly "$REMINT" sign --home ${kind%:*} ./*.csr --dns www.example --out ${kind%:*}-leaves
	quietly "$REMINT" ca export --home ${kind%:*} --out ${kind%:*}-trust
	quietly openssl ocsp -issuer ${kind%:*}-trust/issuing.pem -serial 0x4711 -no_nonce -reqout ${kind%:*}.asked
	quietly "$REMINT" ocsp --home ${kind%:*} --all --key-type $kind # the signers are there
done
cd "$TMP" || exit 99

# wrong FROM TO COMMAND...: with these signatures wrong. anew: where it runs, as it was.
wrong() {
	wrong_from=$1 wrong_to=$2
	shift 2
	BADSIGN_FROM=$wrong_from BADSIGN_TO=$wrong_to BADSIGN_COUNT=$TMP/count LD_PRELOAD=$TMP/badsign.so "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
}
anew() {
	cd "$TMP" && rm -rf work && cp -R good work && cd work && mkdir out || exit 99
}
# wrong_ones: what was written and is not signed as it should be. The CAs are named by $kind.
wrong_ones() {
	cat $kind-trust/root.pem $kind-trust/issuing.pem >trust.pem
	find out -name cert.pem 2>/dev/null | while read -r file; do
		openssl verify -CAfile trust.pem "$file" >/dev/null 2>&1 || echo "a certificate: $file"
	done
	for file in out/*.crl; do
		[ ! -e "$file" ] || openssl crl -inform DER -in "$file" -CAfile trust.pem -noout 2>&1 | grep -q '^verify OK' || echo "a list: $file"
	done
	for file in out/*.ocsp; do
		[ ! -e "$file" ] || openssl ocsp -respin "$file" -CAfile trust.pem -issuer $kind-trust/issuing.pem 2>&1 | grep -q '^Response verify OK' ||
			echo "a response: $file"
	done
}
# each NAME COMMAND...: each of its signatures wrong by itself, where there are few. Some are of no effect, as those that try a key out.
each() {
	each_name=$1
	shift
	anew
	wrong 0 0 "$@" || not_ok "$each_name works with a good signer" "$TMP/err"
	each_calls=$(cat "$TMP/count") each_n=0 each_refused=0
	: >"$TMP/faults"
	while [ $each_n -lt "$each_calls" ]; do
		each_n=$((each_n + 1))
		anew
		if wrong $each_n $each_n "$@"; then each_status=0; else each_status=$? each_refused=$((each_refused + 1)); fi
		case $each_status in
		0 | 7 | 70) ;;
		*) echo "status $each_status at the signature $each_n: $(head -n 1 "$TMP/err")" >>"$TMP/faults" ;;
		esac
		{
			wrong_ones
			"$REMINT" db check --home $kind 2>&1 >/dev/null || echo "db check at the signature $each_n"
		} >>"$TMP/faults"
	done
	expect_no_line "$TMP/faults" . "$each_name: none of its $each_calls signatures does harm when it is wrong"
	check "$each_name: it is refused then" test $each_refused -gt 0
}
for kind in rsa ec; do
	each "$kind: issue" "$REMINT" issue --home $kind --dns a.example --key-type ec:p256 --out out
	each "$kind: crl" "$REMINT" crl --home $kind --out out
	each "$kind: ca rotate" "$REMINT" ca rotate issuing --home $kind --key-type ec:p256 --out rotated
	each "$kind: ocsp" "$REMINT" ocsp $kind.asked --home $kind --key-type ec:p384 --out out/answer.ocsp
done

# ---- many: KIND, what is wrong, from, to, command ------------------------------------------------------------------------------------
# Two signatures that try the keys of the authority and of its signer out come first.
while IFS='|' read -r kind from to what command; do
	anew
	# shellcheck disable=SC2086
	if wrong "$from" "$to" "$REMINT" $command --home $kind --out out; then
		not_ok "$kind: $what is noticed" "$TMP/out"
	else
		expect_line "$TMP/err" 'the signature does not verify' "$kind: $what is noticed"
	fi
	rm -rf out
	"$REMINT" ocsp --home $kind --all --out out >/dev/null 2>&1
	wrong_ones >"$TMP/faults"
	expect_no_line "$TMP/faults" . "$kind: and nothing of it is recorded"
	check "$kind: the database is sound" "$REMINT" db check --home $kind
done <<'TABLE'
ec|3|999|a signer that signs all responses wrongly|ocsp --all --force --key-type ec:p256 --ca issuing
ec|5|999|one that begins within the run|ocsp --all --force --key-type ec:p256 --ca issuing
ec|3|999|one of two workers|ocsp --all --force --key-type ec:p256 --ca issuing --jobs 2
rsa|7|7|one wrong response of an RSA key|ocsp --all --force --key-type rsa:2048
TABLE
tap_done
