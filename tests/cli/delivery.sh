#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing is signed for files that cannot be written, and everything signed is handed out or named.

. "${srcdir:-.}/tests/lib/tap.sh"
need openssl
cd "$TMP" || exit 99
REMINT_HOME=$TMP/home
export REMINT_HOME
remint() { "$REMINT" "$@"; }
known() { "$REMINT" list --csv | tail -n +2 | wc -l; }
unchanged() { # SENTENCE BEFORE
	check "$1" test "$(known)" -eq "$2"
}
csr() { # FILE CN
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$2" -out "$1" 2>/dev/null
}
printf 'out secret\n' >pass
chmod 600 pass

check "init" remint init --no-password --root-key ec:p256 --issuing-key ec:p256 --publish-url http://pki.example/
mkdir a b requests
csr a/x.csr a.example
csr b/x.csr b.example
csr y.csr y.example

# --- sign
check "requests of the same name are signed into files of their own" remint sign a/x.csr b/x.csr y.csr --out o
check "three files are there" test "$(ls o | wc -l)" -eq 3
before=$(known)
expect_status 4 "what is there already is not replaced" remint sign y.csr --out o
unchanged "and nothing was signed for it" "$before"
cp a/x.csr z.csr
expect_status 4 "one refused, one signed" remint sign y.csr z.csr --out o --json
check "the signed one is in its file" test -s o/z.pem
cat y.csr z.csr >two.csr
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj /CN=ca.example \
	-addext basicConstraints=CA:TRUE -out ca.csr 2>/dev/null
cat y.csr ca.csr >pile.csr
expect_status 4 "a request for a CA in a pile is refused" remint sign pile.csr
expect_err 'pile.csr: line [0-9]+' "the message says which of the pile"
expect_status 3 "a file without a request among others is named" remint sign y.csr y.csr.key
expect_err 'y.csr.key: .*no certificate request' "the message says so"

# --- nothing is made for nothing
before=$(known)
check "a dry run signs nothing" remint issue --cn d.example -n --out dry
check "and makes no directory" test ! -e dry
expect_status 4 "a refused certificate" remint issue --cn '*.d.example' --out refused
check "leaves no directory" test ! -e refused
unchanged "and nothing in the database" "$before"

# --- files of targets
check "two targets with files of one name get a directory each" remint issue --cn m.example --for sfb-front-end \
	--for windows-pfx --out-password-file pass --out m
check "the first has its PFX" test -s m/sfb-front-end/m.example.pfx
check "the second too" test -s m/windows-pfx/m.example.pfx
before=$(known)
mkdir taken
touch taken/haproxy.pem
expect_status 4 "a target's file that is there already is seen before signing" remint issue --cn h.example --for haproxy --out taken
unchanged "and nothing was signed for it" "$before"
expect_status 7 "a PFX without a passphrase is refused before signing" remint issue --cn h.example --for windows-pfx --out pfx
unchanged "and nothing was signed for it either" "$before"

# --- a request instead of a key
check "the old certificate" remint issue --cn dev.example --dns dev.example --key-type ec:p256 --out dev
openssl req -new -key dev/key.pem -subj /CN=dev.example -out fresh.csr 2>/dev/null
check "reissue for a fresh request leaves out what wants the key" remint reissue dev/cert.pem --request fresh.csr --for nginx --out n
expect_err 'private key.*left out' "and says so"
check "the chain is there" test -s n/fullchain.pem
check "no key is" test ! -e n/key.pem
check "keeping the key by a fresh request" remint reissue dev/cert.pem --keep-key --request fresh.csr --for nginx --out k
csr other.csr dev.example
expect_status 7 "a request with another key keeps no key" remint reissue dev/cert.pem --keep-key --request other.csr --out l
expect_status 7 "a key that does not match is not ignored" remint renew dev/cert.pem --key other.csr.key --out l

# --- templates on record
check "a client certificate" remint issue --template client --cn c.example --out c
check "a device's" remint issue --template user-device --cn u@corp.example --uri sip:u@corp.example --out u
serial=$(openssl x509 -in c/cert.pem -noout -serial | sed 's/.*=//' | tr 'A-F' 'a-f')
check "renew by serial number keeps the template on record" remint renew "serial:$serial" --out c2
check "it is for clients alone" sh -c "openssl x509 -in c2/cert.pem -noout -ext extendedKeyUsage | grep -q '^ *TLS Web Client Authentication$'"
check "several leaves each keep their own" remint renew c/cert.pem u/cert.pem --out several
check "the device's has its 180 days" sh -c "openssl x509 -in several/u_corp.example/cert.pem -checkend 15600000 >/dev/null || \
	openssl x509 -in several/u-corp.example/cert.pem -noout -subject >/dev/null"
check "a foreign certificate without basicConstraints" sh "$srcdir/examples/refused.sh" "$TMP/old"
check "is renewed by a template that states it" remint renew old/old.pem --key old/old.key --template web-server --out foreign

# --- one failure, one line
one_line() { test "$(wc -l <"$TMP/err")" -eq 1; }
expect_status 3 "a file that is not there, renewed" remint renew nonexistent
if one_line; then ok "is one line"; else not_ok "is one line" "$TMP/err"; fi
expect_status 3 "a file that is not there, repeated in a request" remint request --from nonexistent --out q
if one_line; then ok "is one line, too"; else not_ok "is one line, too" "$TMP/err"; fi

# --- convert
check "a chain without a leaf converts from its lowest certificate" remint convert old/chain.p7b --to pem
expect_out 'BEGIN CERTIFICATE' "as PEM"
check "a locked key" remint issue --cn locked.example --out-password-file pass --out locked
expect_status 7 "a key that is locked is called locked" remint convert locked/cert.pem --key locked/key.pem --for nginx --out lk
expect_err 'locked/key.pem.*locked' "by its name"

new=$(openssl x509 -in c/cert.pem -noout -serial | sed 's/.*=//' | tr 'A-F' 'a-f')
check "what is in the database can be had again, key and chain included" remint convert "serial:$new" --for haproxy --out again
check "the key is the certificate's" sh -c "openssl pkey -in again/haproxy.pem -pubout >1 && openssl x509 -in c/cert.pem -noout -pubkey >2 && cmp 1 2"
check "history has the PEM in its JSON" sh -c "'$REMINT' history $new --json | grep -q 'BEGIN CERTIFICATE'"

# --- request
check "a request repeats a certificate and adds what the gateway wants" remint request --from old/old.pfx \
	--password-file old/pfx.pass --subject 'L=Ulm,ST=BW' --for symantec-gateway --out rq
check "the attributes are joined" sh -c "openssl req -in rq/request.pem -noout -subject -nameopt RFC2253 | grep -q 'L=Ulm' && \
	openssl req -in rq/request.pem -noout -subject | grep -q 'edge.corp.example'"
tap_done
