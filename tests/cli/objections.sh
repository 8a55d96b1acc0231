#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The audit objects where it should, and only there.

. "${srcdir:-.}/tests/lib/tap.sh"
need openssl
cd "$TMP" || exit 99
REMINT_HOME=$TMP/home
export REMINT_HOME
remint() { "$REMINT" "$@"; }

check "init" remint init --no-password --root-key ec:p256 --issuing-key ec:p256 --publish-url http://pki.example/
check "issue" remint issue --cn a.example --key-type ec:p256 --out a
check "issue another" remint issue --cn b.example --key-type ec:p256 --out b

cat a/fullchain.pem a/key.pem >good.pem
cat a/fullchain.pem b/key.pem >mixed.pem
check "a key that matches passes" remint audit good.pem --for haproxy
expect_status 1 "a key of another certificate in the same file does not" remint audit mixed.pem --for haproxy
expect_out 'key.match' "by key.match"
cat a/fullchain.pem b/cert.pem b/key.pem >pile.pem
check "in a pile of leaves a key belongs to any of them" remint audit pile.pem --for nginx
expect_status 3 "a --trust file without a certificate is named" remint audit a/cert.pem --for nginx --trust a/key.pem
expect_err 'a/key.pem: .*no certificate' "as holding none"
expect_status 3 "a --chain file without a certificate too" remint audit a/cert.pem --for nginx --chain a/key.pem
mkdir pile
cp a/fullchain.pem pile/a.pem
echo "do not lose" >pile/README.txt
: >pile/empty
check "what else lies in a directory is passed over" remint audit pile --for nginx
check "by show, too" remint show pile
head -c 300 a/cert.pem >pile/cut.pem
expect_status 3 "a broken certificate in it is not" remint show pile
expect_status 3 "and a file that is named must hold something" remint show pile/README.txt

openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.pem -days 30 -subj /CN=self.example \
	-addext subjectAltName=DNS:self.example 2>/dev/null
check "a self-signed server certificate that calls itself a CA is replaced" remint reissue self.pem --for nginx --out self
check "by one that does not" sh -c "openssl x509 -in self/cert.pem -noout -text | grep -q CA:FALSE"
"$REMINT" ca export --out trust >/dev/null 2>&1
expect_status 4 "a real CA certificate is not replaced by a leaf" remint reissue trust/issuing.pem --for nginx --out ca

openssl req -new -newkey rsa:2048 -nodes -keyout r.key -out r.csr -subj /CN=r.example 2>/dev/null
check "sign for a target audits what it made" remint sign r.csr --for nginx --json
expect_out '"findings"' "and says what it found"
tap_done
