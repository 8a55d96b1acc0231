# SPDX-License-Identifier: Apache-2.0
# The exit status says what kind of failure it was; with several inputs all are processed, each failure is one line, and
# the status is the first of 70 6 7 4 5 3 1 0 that occurred.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
old_ca
old_cert good '/O=Contoso/CN=good.example.com' extendedKeyUsage=serverAuth,clientAuth subjectAltName=DNS:good.example.com
old_cert bad '/O=Contoso/CN=bad.example.com' extendedKeyUsage=serverAuth subjectAltName=DNS:bad.example.com
quietly openssl pkcs12 -export -in good.pem -inkey good.key -out good.pfx -passout pass:secret
quietly openssl req -newkey rsa:512 -nodes -keyout weak.key -out weak.csr -subj /CN=weak.example.com
quietly openssl req -new -key good.key -subj '/CN=no host name' -out nameless.csr
quietly openssl req -in good.csr -outform DER -out good.der
{
	head -c -1 good.der
	printf '\0'
} >forged.csr
printf 'not\n' >wrong.pass
printf 'no certificate at all\n' >garbage
head -c 300 good.pem >cut.pem
mkdir empty
lab --no-password
lab --home locked --ca-password-file wrong.pass

# status | sentence | arguments
while IFS='|' read -r status sentence arguments; do
	expect_status "$status" "$sentence" "$REMINT" $arguments
	[ "$status" -eq 0 ] || [ "$status" -eq 1 ] || expect_err '^remint: ' "$sentence: and says so"
done <<'TABLE'
0|a good certificate is shown|show good.pem
0|nothing against a good certificate|audit good.pem --for dotnet-mtls --chain root.pem --trust root.pem
1|something against a bad one|audit bad.pem --for dotnet-mtls
0|a remark does not count by itself|audit good.pem --for dotnet-mtls
1|unless it is asked to|audit good.pem --for dotnet-mtls --fail-on info
1|a certificate that the database does not know|history nowhere.example.com
2|a target that there is not|audit good.pem --for nobody
3|a file that is not there|show absent.pem
3|a file that holds nothing of the kind|show garbage
3|a file that ends too early|show cut.pem
3|a directory where a certificate should be|convert empty --to pem
3|a request that its key did not sign|sign forged.csr
4|a request without a name that could be one|sign nameless.csr
4|a template for a CA|sign good.csr --template issuing-ca
7|a key too short|sign weak.csr
4|a home that is there already|init --no-password
6|a home that is not there|list --home absent
7|a PFX without its passphrase|show good.pfx
7|a PFX with a wrong one|show good.pfx --password-file wrong.pass
7|a passphrase file that is not there|show good.pfx --password-file absent
7|a CA key without its passphrase|issue --home locked --dns a.example.com --out a
7|a PFX that is to be written without one|convert good.pem --key good.key --to pfx -o new.pfx
7|a key of another certificate|convert good.pem --key bad.key --to pfx -o new.pfx
TABLE
[ ! -e new.pfx ] && ok "what failed wrote nothing" || not_ok "what failed wrote nothing"
[ -z "$(find . -name '*.??????' -newer garbage -type f -path './new*')" ] && ok "and left nothing half-written" ||
	not_ok "and left nothing half-written"

# Several inputs.
expect_status 3 "a good file, one that is not there, a good file" "$REMINT" show --json good.pem absent.pem bad.pem
expect_line "$TMP/err" '^remint: absent.pem: ' "one line names the one that failed"
[ "$(wc -l <"$TMP/err")" -eq 1 ] && ok "there is no other line" || not_ok "there is no other line" "$TMP/err"
expect_out '"source":"good.pem".*"source":"bad.pem".*"errors":\[\{"source":"absent.pem","class":"input"' \
	"both good ones are listed, and the failure behind them"
expect_status 7 "a passphrase counts more than a file that is not there" "$REMINT" show good.pfx absent.pem
expect_status 7 "in either order" "$REMINT" show absent.pem good.pfx
expect_status 3 "a file that is not there counts more than a finding" "$REMINT" audit bad.pem absent.pem --for dotnet-mtls
expect_status 4 "a refusal counts more than a file that is not there" "$REMINT" sign nameless.csr absent.csr good.csr
expect_out 'BEGIN CERTIFICATE' "and the good request is signed"
[ "$(wc -l <"$TMP/err")" -ge 2 ] && ok "with a line for each that is not" || not_ok "with a line for each that is not" "$TMP/err"

# Standard output.
if [ -w /dev/full ]; then
	status=0
	"$REMINT" show good.pem >/dev/full 2>"$TMP/err" || status=$?
	[ $status -eq 70 ] && ok "a full disk is status 70" || not_ok "a full disk is status 70, not $status"
	expect_err 'cannot write the output: No space left' "and is said"
	status=0
	"$REMINT" version --json >/dev/full 2>"$TMP/err" || status=$?
	[ $status -eq 70 ] && ok "for one line too" || not_ok "for one line too ($status)"
else
	skip "there is no /dev/full" "a full disk"
fi
status=0
"$REMINT" show good.pem >&- 2>"$TMP/err" || status=$?
[ $status -eq 70 ] && ok "a closed standard output is status 70" || not_ok "a closed standard output ($status)"
i=0
while [ $i -lt 200 ]; do
	cat good.pem root.pem
	i=$((i + 1))
done >pile.pem
{
	"$REMINT" show pile.pem 2>"$TMP/err"
	echo $? >"$TMP/status"
} | head -n 1 >"$TMP/out"
expect_no_line "$TMP/err" . "a reader that has seen enough is no failure: nothing is said"
expect_line "$TMP/status" '^0$' "and the status is 0"
tap_done
