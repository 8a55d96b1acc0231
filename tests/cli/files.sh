# SPDX-License-Identifier: Apache-2.0
# One file named with --out: it appears whole or not at all, takes no other's place, and - is standard output. And what a
# search says that finds nothing because of a slip.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
old_ca
old_cert old '/O=Contoso/CN=web.example.com' subjectAltName=DNS:web.example.com
echo secret >pass
quietly "$REMINT" init --home root --no-issuing --no-password --root-key ec:p256
quietly "$REMINT" init --home ca --no-root --no-password

# ---- ca request and ca sign ----
request() {
	"$REMINT" ca request --home ca --subject 'CN=Files CA' --key-type ec:p256 "$@"
}
expect_status 0 "a CA's request goes into a file" request -o ca.csr
expect_out '^ca\.csr$' "which is named"
expect_line ca.csr '^-----BEGIN CERTIFICATE REQUEST-----$' "and holds it"
cp ca.csr before.csr
expect_status 4 "no file is overwritten" request -o ca.csr
expect_same before.csr ca.csr "it stays as it was"
expect_status 0 "but with --force" request -o ca.csr --force
expect_status 0 "without a file it goes to standard output" request
expect_out '^-----BEGIN CERTIFICATE REQUEST-----$' "as PEM"
expect_status 0 "under --json the file is named too" request -o json.csr --json
printf '{"schema":1,"files":[{"name":"json.csr"}]}\n' >wanted
expect_same wanted - "and its text is not there"
expect_status 3 "a directory that is not there" request -o nowhere/ca.csr
expect_err '^remint: nowhere/ca\.csr: cannot create' "is named"

: >taken.pem
expect_status 4 "where the file cannot be written nothing is signed" "$REMINT" ca sign --home root ca.csr -o taken.pem
"$REMINT" list --home root --csv >listed
expect_no_line listed 'Files CA' "and nothing recorded"
expect_status 3 "a request that is not there" "$REMINT" ca sign --home root absent.csr -o absent.pem
[ ! -e absent.pem ] && ok "leaves no file" || not_ok "leaves no file"
ls | grep '\.pem\.' >left
expect_no_line left . "of any name"
expect_status 0 "certificate and issuers go into a file" "$REMINT" ca sign --home root ca.csr -o ca.pem
[ "$(grep -c BEGIN ca.pem)" -eq 2 ] && ok "both of them" || not_ok "both of them" ca.pem
expect_status 0 "which completes the authority" "$REMINT" ca install --home ca ca.pem
expect_out 'active' "that is active then"

# ---- convert ----
expect_status 0 "convert -o - is standard output" "$REMINT" convert old.pem --to pem -o -
expect_out '^-----BEGIN CERTIFICATE-----$' "with the bytes"
[ ! -e ./- ] && ok "and no file of that name" || not_ok "and no file of that name"
expect_status 2 "which --json has taken" "$REMINT" convert old.pem --to pem -o - --json
expect_status 3 "convert makes no directory for a file" "$REMINT" convert old.pem --to pem -o nowhere/x.pem
expect_err '^remint: nowhere/x\.pem: cannot create' "but says so"
[ ! -e nowhere ] && ok "and it is not there" || not_ok "and it is not there"
expect_status 0 "a PFX without a key" "$REMINT" convert old.pem --to pfx -o bare.pfx --out-password-file pass
expect_err 'no private key is in it' "is said to be one"
expect_status 0 "unless that is wanted" "$REMINT" convert old.pem --to pfx -o wanted.pfx --no-key --out-password-file pass
expect_no_line "$TMP/err" . "without a word"
expect_status 0 "nor is there one of a whole PFX" \
	"$REMINT" convert old.pem --key old.key --to pfx -o whole.pfx --out-password-file pass
expect_no_line "$TMP/err" . "that has its key"

# ---- convert: of many certificates none is meant before the others ----
old_cert second /CN=second.example.com
old_cert third /CN=third.example.com
cat old.pem second.pem third.pem ca.pem second.pem >many.pem
"$REMINT" show --csv many.pem | awk -F, 'NR > 1 && !seen[$NF]++ { print $NF }' | tr -d '\r' >wanted
[ "$(wc -l <wanted)" -eq 5 ] && ok "five certificates, one of them twice" || not_ok "five certificates, one of them twice" wanted
expect_status 0 "a pile goes into a P7B" "$REMINT" convert many.pem --to p7b -o many.p7b
expect_err 'all are written' "as a whole, which is said"
expect_status 0 "and a P7B into PEM" "$REMINT" convert many.p7b --to pem -o back.pem
"$REMINT" show --csv back.pem | awk -F, 'NR > 1 { print $NF }' | tr -d '\r' | sort >got
sort wanted | diff - got >diff && ok "with every certificate once" || not_ok "with every certificate once" diff
openssl pkcs7 -inform DER -in many.p7b -print_certs 2>/dev/null | grep -c BEGIN >count
echo "$(wc -l <wanted)" | diff - count >diff && ok "and OpenSSL finds as many in the P7B" || not_ok "and OpenSSL finds as many in the P7B" diff
expect_status 0 "PEM into PEM" "$REMINT" convert many.pem --to pem -o order.pem
"$REMINT" show --csv order.pem | awk -F, 'NR > 1 { print $NF }' | tr -d '\r' | diff wanted - >diff &&
	ok "keeps the order" || not_ok "keeps the order" diff
expect_status 0 "one that is selected" "$REMINT" convert many.p7b --to pem --select third.example.com -o one.pem
[ "$(grep -c BEGIN one.pem)" -eq 1 ] && ok "goes alone" || not_ok "goes alone" one.pem
expect_status 2 "what holds one certificate" "$REMINT" convert many.p7b --to der -o many.der
expect_err '3 certificates could be meant' "wants to know which"
expect_status 2 "so does a target" "$REMINT" convert many.p7b --for nginx -o many
expect_status 2 "and a chain that is not wanted" "$REMINT" convert many.p7b --to pem --no-chain -o many.out
cat many.pem old.key second.key >keys.pem
expect_status 2 "of several keys one is chosen" "$REMINT" convert keys.pem --to pfx -o keys.pfx --out-password-file pass
expect_status 0 "unless none is wanted" "$REMINT" convert keys.pem --to pem --no-key -o keyless.pem
expect_same order.pem keyless.pem "then the pile is one of certificates"

# ---- modes ----
# modes UMASK WANTED WHAT: of a bundle's certificate, key and directory.
modes() {
	(umask "$1" && "$REMINT" issue --home ca --for nginx --key-type ec:p256 --dns "u$1.example.com" --out "u$1" >"u$1.log" 2>&1)
	echo "$(stat -c %a "u$1/cert.pem" "u$1/key.pem" "u$1" | tr '\n' ' ')" >got
	echo "$2 " | diff - got >diff && ok "$3" || not_ok "$3" diff "u$1.log"
}
modes 022 "644 600 700" "who lets others read has certificates that they may read"
modes 027 "640 600 700" "or the group alone"
modes 077 "600 600 700" "or nobody; never a key"

# What one file takes: WHAT | mode under umask 022 | 027 | file | command. A certificate is no secret, and neither is what tells of it; a file
# with a key is, and so is the whole of the database.
quietly "$REMINT" issue --home ca --for nginx --key-type ec:p256 --dns modes.example.com --out m
quietly openssl ocsp -issuer m/chain.pem -cert m/cert.pem -no_nonce -reqout m.ask
"$REMINT" plan m/cert.pem --home ca --for nginx --chain m/chain.pem -o m.plan >out 2>&1 # there are findings
quietly "$REMINT" init --home modes --no-password --root-key ec:p256 --no-issuing
for umask in 022 027; do
	while IFS='|' read -r what wanted022 wanted027 file command; do
		[ $umask = 022 ] && wanted=$wanted022 || wanted=$wanted027
		rm -rf got.d && mkdir got.d
		# shellcheck disable=SC2086
		(umask $umask && "$REMINT" $command >mode.log 2>&1 </dev/null)
		got=$(stat -c %a "$file" 2>&1)
		[ "$got" = "$wanted" ] && ok "umask $umask: $what: $wanted" || not_ok "umask $umask: $what: $wanted, not $got" mode.log
	done <<-'TABLE'
		a plan|644|640|got.d/plan|plan m/cert.pem --home ca --for nginx --chain m/chain.pem -o got.d/plan
		a page of a report|644|640|got.d/page|report m.plan --home ca --html got.d/page
		what show tells|644|640|got.d/shown|show m/cert.pem --csv -o got.d/shown
		the request of a CA|644|640|got.d/csr|ca request --home modes --subject CN=u --key-type ec:p256 --out got.d/csr
		a response|644|640|got.d/ocsp|ocsp m.ask --home ca --out got.d/ocsp
		a checkpoint|644|640|got.d/head|db checkpoint --home ca --out got.d/head
		a timer|644|640|got.d/remint-status.timer|timer --home ca --out got.d
		a chain|644|640|got.d/chain|convert m/fullchain.pem --to pem --no-key -o got.d/chain
		a chain with its key|600|600|got.d/pile|convert m/fullchain.pem m/key.pem --to pem -o got.d/pile
		the whole of the database|600|600|got.d/export|db export --home ca --out got.d/export
		a revocation list, whatever the umask|644|644|got.d/crl/root.crl|crl root --home modes --out got.d/crl
	TABLE
done

# ---- list ----
expect_status 0 "a target that nobody knows" "$REMINT" list --home ca --target ngin
expect_err 'there is no target "ngin": did you mean nginx\?' "is said to be unknown"
expect_status 0 "a template too" "$REMINT" list --home ca --template web-serve
expect_err 'did you mean web-server\?' "with the nearest"
expect_status 0 "a known one that made nothing" "$REMINT" list --home ca --target nginx
expect_no_line "$TMP/err" . "is no slip"
expect_status 0 "a wildcard name is a name" "$REMINT" list --home ca --name '*.example.com'
tap_done
