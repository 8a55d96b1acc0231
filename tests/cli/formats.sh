# SPDX-License-Identifier: Apache-2.0
# What convert takes and makes: things that stand alone, many files from one input, what goes in and in which order, and
# passphrases that a device would not take. (That others can read it: tests/interop/forms.sh.)
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
old_ca
old_cert old '/O=Contoso/CN=web.example.com' subjectAltName=DNS:web.example.com
old_cert twin '/O=Contoso/CN=WEB.example.com'
old_cert odd '/CN=..\/..\/etc\/pa ss$(id)'
quietly openssl req -new -key old.key -subj /CN=asks.example.com -out old.csr
quietly openssl req -new -key twin.key -subj /O=nameless -out twin.csr
quietly openssl ecparam -name prime256v1 -genkey -noout -out ec.key
quietly openssl genrsa -out rsa.key 2048
quietly openssl pkey -in ec.key -aes256 -passout pass:secret -out locked.key
cat old.pem root.pem >pile.pem
cat old.pem twin.pem odd.pem root.pem old.pem >many.pem
printf 'secret\n' >pass
convert() { "$REMINT" convert "$@"; }
# names DIR: what is in it, on one line.
names() { ls "$1" | tr '\n' ' ' | sed 's/ $//'; }
expect_names() { # DIR NAMES SENTENCE
	[ "$(names "$1")" = "$2" ] && ok "$3" || { names "$1" >named; not_ok "$3" named; }
}

# ---- what stands alone ----
expect_status 0 "a key needs no certificate" convert ec.key --to pkcs8
expect_out '^-----BEGIN PRIVATE KEY-----$' "to be written in another form"
expect_status 0 "also where PEM is all that is asked" convert ec.key --to pem
expect_out '^-----BEGIN PRIVATE KEY-----$' "it is PKCS#8"
expect_status 0 "a key that is locked opens" convert locked.key --password-file pass --to traditional
expect_out '^-----BEGIN EC PRIVATE KEY-----$' "and stands open then"
expect_status 7 "or not" convert locked.key --to traditional
expect_err 'is locked' "without its passphrase"
expect_status 2 "of two keys one is meant" convert ec.key old.key --to pkcs8
expect_err '2 private keys could be meant' "which must be said"
expect_status 0 "the same key twice is one" convert ec.key ec.key --to pkcs8
expect_status 7 "a form that the key has not" convert ec.key --to pkcs1
expect_err 'PKCS#1 is for RSA keys: write pkcs8' "names one that it has"
expect_status 0 "a request alone is meant by PEM" convert old.csr --to pem
expect_out '^-----BEGIN CERTIFICATE REQUEST-----$' "and is one"
expect_status 0 "beside a certificate it must be named" convert old.pem old.csr --to csr
expect_out '^-----BEGIN CERTIFICATE REQUEST-----$' "and is taken then"
expect_status 0 "else the certificate is meant" convert old.pem old.csr --to pem
expect_no_line "$TMP/out" 'REQUEST' "alone"
expect_status 3 "no request" convert old.pem --to csr
expect_err 'old\.pem: holds no certificate request' "is said as such"
expect_status 3 "a request is no certificate" convert old.csr --to p7b -o x.p7b
expect_err 'old\.csr: holds no certificate' "for a container of certificates"
expect_status 2 "DER holds one request" convert old.csr twin.csr --to csr-der -o x.csr
expect_err 'holds one object, not 2' "not two"
expect_status 3 "no key" convert old.pem --to pkcs8
expect_err 'give --key' "is said with the option"

# ---- issuers at hand, and keys of others ----
expect_status 0 "an issuer at hand is not what is converted" convert old.csr --chain root.pem --to pem
expect_out '^-----BEGIN CERTIFICATE REQUEST-----$' "a request is"
expect_no_line "$TMP/out" 'BEGIN CERTIFICATE-' "alone"
expect_status 0 "nor does it take a key's place" convert ec.key --chain root.pem --to pem
expect_out '^-----BEGIN PRIVATE KEY-----$' "which is written"
expect_status 2 "nor a missing input's" convert --chain root.pem --to pem
expect_status 0 "it completes a chain" convert old.pem --chain root.pem --with-root --to p7b-pem -o chained.p7b
openssl pkcs7 -in chained.p7b -print_certs | grep -c BEGIN >count
expect_line count '^2$' "with the root"
spki() { openssl pkey "$@" -pubout -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1; }
expect_status 7 "the key of another certificate" convert old.pem ec.key --to pem -o x.pem
expect_err "^remint: ec\.key: .*$(spki -in ec.key).*$(spki -in old.key)" "is named by its SPKI, and the certificate by its own"
[ ! -e x.pem ] && ok "and nothing is written" || not_ok "and nothing is written" x.pem
expect_status 7 "for a target, too" convert old.pem ec.key --for nginx -o x
expect_status 0 "where no key is wanted it does no harm" convert old.pem ec.key --to pem --no-key -o x.pem
expect_status 0 "nor where none goes in" convert old.pem ec.key --to der -o x.cer
expect_status 0 "nor beside the one that belongs to it" convert old.pem ec.key old.key --to pem -o x.key
expect_status 0 "nor that of another certificate that is at hand" convert old.pem odd.pem odd.key --select web.example.com \
	--to pem -o x.bundle
expect_status 3 "a leaf alone" convert old.pem --to jks-trust -o x.jks --out-password-file pass
expect_err 'no certificate of a CA' "is no trust store"
expect_status 0 "unless it is said to be trusted itself" convert old.pem --to jks-trust --content leaf -o x.jks --out-password-file pass
expect_status 0 "with its CA" convert old.pem --chain root.pem --to pfx-trust -o ca.p12 --out-password-file pass
openssl pkcs12 -in ca.p12 -passin pass:secret -nokeys | grep '^subject' >got
expect_line got 'Old Root' "that is in it"
expect_no_line got 'web\.example' "and nobody else"

# ---- what goes in ----
expect_status 0 "a list says what goes in" convert pile.pem --key old.key --to pem --content key,leaf,intermediates -o listed.pem
sed -n 's/^-----BEGIN \(.*\)-----$/\1/p' listed.pem | tr '\n' ' ' >got
echo 'PRIVATE KEY CERTIFICATE ' | tr -d '\n' >wanted
expect_same wanted got "in its order"
expect_status 3 "what is listed must be there" convert old.pem --to pem --content leaf,root
expect_err 'root certificate is wanted' "or it is said what is not"
expect_status 2 "a list of something else" convert old.pem --to pem --content leaf,chain
expect_status 2 "a list of nothing" convert old.pem --to pem --content ''
expect_status 2 "a list and what it already says" convert old.pem --to pem --content leaf --no-key
expect_status 0 "every certificate, with a leaf among them" convert pile.pem --to pem --all -o all.pem
expect_no_line "$TMP/err" . "without a word, since it was asked for"
[ "$(grep -c BEGIN all.pem)" -eq 2 ] && ok "each once" || not_ok "each once" all.pem

# ---- a file for each ----
expect_status 0 "each certificate" convert many.pem --to der --split -o certs
expect_names certs "Old-Root.cer WEB.example.com-2.cer _.-..-etc-pa-ss--id-.cer web.example.com.cer" "has a name of its own, in which nothing is a path"
expect_out '^web\.example\.com\.cer$' "which is told"
check "and is in it" openssl x509 -inform DER -in certs/WEB.example.com-2.cer -noout
expect_status 4 "what is there stays" convert many.pem --to der --split -o certs
expect_status 0 "unless it may go" convert many.pem --to der --split -o certs --force
expect_status 0 "each leaf with its chain and key" convert many.pem old.key --to pem --split --file-name '{n}.pem' -o leaves
expect_names leaves "1.pem 2.pem 3.pem" "numbered"
sed -n 's/^-----BEGIN \(.*\)-----$/\1/p' leaves/1.pem | sort | uniq -c | tr -s ' \n' ' ' >got
expect_line got ' 1 CERTIFICATE 1 PRIVATE KEY ' "the first with its key"
expect_no_line leaves/2.pem PRIVATE "the second without one"
[ "$(ls -l leaves/1.pem | cut -c1-10)" = -rw------- ] && ok "which only its owner reads" || not_ok "which only its owner reads"
serial=$(openssl x509 -in old.pem -noout -serial | sed 's/.*=//' | tr A-F a-f | sed 's/^0*//')
expect_status 7 "a key of none of them" convert many.pem ec.key --to pem --split -o none
expect_err 'ec.key: the key belongs to none of the certificates: its SPKI is [0-9a-f]{64}$' "is named"
expect_status 0 "where no key goes in" convert many.pem ec.key --to der --split -o ders
expect_status 0 "a serial number in a name" convert pile.pem --to pem --no-chain --no-key --split --file-name '{serial}.pem' -o serials
names serials >named
expect_line named "$serial" "is the certificate's"
expect_status 0 "each request" convert old.csr twin.csr --to csr-der --split -o requests
expect_names requests "asks.example.com.csr request.csr" "is named after its subject, if it has a name"
expect_status 0 "each key" convert old.key ec.key --to pkcs8 --split -o keys
expect_names keys "key-2.key key.key" "by itself"
expect_status 7 "one that cannot be written" convert rsa.key ec.key --to pkcs1 --split -o none
expect_err 'key-2\.key' "is named"
[ ! -e none ] && ok "and leaves none" || not_ok "and leaves none"
expect_status 2 "a mark that there is not" convert many.pem --to der --split --file-name '{cn}.cer' -o x
expect_status 2 "a serial number of a key" convert ec.key --to pkcs8 --split --file-name '{serial}.key' -o x
expect_status 3 "a path for a name" convert many.pem --to der --split --file-name '../{label}.cer' -o x
expect_status 2 "many files need a directory" convert many.pem --to der --split
expect_status 2 "which standard output is not" convert many.pem --to der --split -o -
expect_status 2 "a pattern for one file" convert old.pem --to der --file-name '{label}.cer' -o x.cer
expect_status 2 "one of them and all of them" convert many.pem --to der --split --select web.example.com -o x
expect_status 2 "one file and many" convert many.pem --to pem --split --all -o x
expect_status 2 "a layout beside a target" convert old.pem --for nginx --crlf -o x
expect_err '\-\-crlf belongs to --to' "which has its own"
expect_status 0 "the files are told as JSON" convert many.pem --to der --split -o json --json
expect_out '"name":"web\.example\.com\.cer","secret":false' "one by one"

# ---- protection ----
expect_status 0 "a named cipher" convert ec.key --to pkcs8 --cipher aes-128-cbc --kdf pbkdf2 --out-password-file pass -o strong.key
expect_no_line "$TMP/err" . "is not warned of"
expect_status 7 "an older form" convert ec.key --to sec1 --out-password-file pass -o weak.key
expect_err 'hashed but once' "is not protected without saying how"
expect_status 0 "but with a cipher" convert ec.key --to sec1 --cipher aes-256-cbc --out-password-file pass -o weak.key
expect_err 'warning: .*hashed but once' "and a warning"
expect_status 7 "a cipher without a passphrase" convert ec.key --to pkcs8 --cipher aes-256-cbc -o x.key
expect_err 'out-password-file' "asks for one"
expect_status 7 "DER of an older form" convert ec.key --to sec1-der --out-password-file pass -o x.key
expect_err 'cannot be protected' "cannot be protected"

# ---- what a device takes ----
mkdir -p mine/targets
cat >mine/targets/picky.cfg <<'CFG'
title = "A picky device";
request: { keys = [ "ec:p256" ]; };
deploy: {
	passphrase: { min = 4; max = 8; characters = "alphanumeric"; source = "its manual, 3.1"; };
	files = (
		{ name = "{label}.pfx"; format = "pfx"; content = [ "leaf", "key" ]; },
		{ name = "{label}.key"; format = "pkcs8"; content = [ "key" ]; cipher = "aes-256-cbc"; kdf = "pbkdf2"; }
	);
};
CFG
cat >mine/targets/sealed.cfg <<'CFG'
title = "A device that wants its key encrypted";
request: { keys = [ "ec:p256" ]; };
deploy: {
	files = (
		{ name = "{label}.key"; format = "pkcs8"; content = [ "key" ]; cipher = "aes-128-cbc"; },
		{ name = "{label}.pem"; format = "pem"; content = [ "leaf", "intermediates" ]; order = "root-first"; separator = "comment";
		  no_final_newline = true; charset = "utf-8-bom"; }
	);
};
CFG
check "both targets are sound" "$REMINT" target check picky --policies mine
check "the one with the layout, too" "$REMINT" target check sealed --policies mine
printf 'far too long\n' >long.pass
printf 'n\303\266\n' >short.pass
expect_status 7 "a passphrase that the device does not take" convert old.pem --key old.key --policies mine --for picky -o picky --out-password-file long.pass
expect_err 'picky takes a passphrase of letters and digits of ASCII only' "is refused with the limit"
expect_err 'its manual, 3\.1' "and who says so"
expect_no_line "$TMP/err" 'far' "not with the passphrase"
[ ! -e picky ] && ok "before anything is written" || not_ok "before anything is written"
printf 'waytoolong1\n' >long.pass
expect_status 7 "one that is too long" convert old.pem --key old.key --policies mine --for picky -o picky --out-password-file long.pass --json
expect_out '"class":"secret".*at most 8 characters, and this one has 11' "is refused as JSON, too"
expect_status 0 "one that fits" convert old.pem --key old.key --policies mine --for picky -o picky --out-password-file pass
check "protects what the target wants protected" openssl pkey -in picky/web.example.com.key -passin pass:secret -noout
expect_status 7 "a key that is to be encrypted" convert old.pem --key old.key --policies mine --for sealed -o sealed
expect_status 0 "is" convert old.pem --key old.key --chain root.pem --policies mine --for sealed -o sealed --out-password-file pass
expect_line sealed/web.example.com.key 'BEGIN ENCRYPTED' "under the passphrase"
expect_line sealed/web.example.com.pem '^# issuer: ' "and the rest is laid out as the target says"
expect_status 0 "a target whose device reads an open key" convert old.pem --key old.key --for nginx -o open --out-password-file pass
expect_err 'warning: the passphrase does not protect the private key for nginx' "is said to leave the passphrase out"
expect_status 0 "a firewall that asks for a passphrase" convert old.pem --key old.key --chain root.pem --for paloalto -o pan --out-password-file pass
expect_line pan/web.example.com.key 'BEGIN ENCRYPTED' "gets the key under it"
expect_no_line pan/INSTALL-paloalto.txt 'openssl' "and nobody has to do it by hand"
expect_status 0 "without a passphrase" convert old.pem --key old.key --for nginx -o quiet
expect_no_line "$TMP/err" . "nothing is to be said"
lab --no-password
expect_status 0 "one that is issued for such a device" "$REMINT" issue --dns open.example.com --for nginx --for haproxy --out issued --out-password-file pass
expect_err 'warning: the passphrase does not protect the private key for nginx' "has the same warning"
expect_err 'warning: the passphrase does not protect the private key for haproxy' "for each"
expect_status 0 "and what is reissued" "$REMINT" reissue issued/cert.pem --for nginx --out reissued --out-password-file pass
expect_err 'warning: the passphrase does not protect the private key for nginx' "too"
expect_status 7 "nothing is issued for a device" "$REMINT" issue --dns new.example.com --policies mine --for picky --out new --out-password-file long.pass
"$REMINT" list --csv >listed
expect_no_line listed 'new\.example' "that would not take it"

# ---- what was asked for and comes to nothing is said ------------------------------------------------------------------------
for to in p7b der; do
	expect_status 0 "a key beside what is written as $to" convert old.pem --key old.key --to $to -o "dropped.$to"
	expect_err "warning: $to holds no private key beside a certificate: the one that was given is left out" "is said to be left out"
	expect_status 0 "unless it is not wanted" convert old.pem --key old.key --no-key --to $to -o "unwanted.$to"
	expect_no_line "$TMP/err" . "then nothing is said of it"
done
while IFS='|' read -r options says; do
	expect_status 2 "convert $options" convert old.pem --key old.key $options -o nothing --out-password-file pass
	expect_err "$says" "is refused in words that fit"
done <<'TABLE'
--to jks --profile modern|a jks has no profiles: only pfx, pfx-trust and mobileconfig have
--to pem --profile legacy|a pem has no profiles
--to pem --friendly-name x|no entry in a pem has a name
--to der --crlf|der is no text: it has neither charset nor line ends
--to der --width 70|der has no lines whose width could be chosen
--to pfx --cipher aes-256-cbc|a pfx is encrypted as its profile says
--to jks --kdf pbkdf2|a jks has a cipher of its own
TABLE
expect_status 7 "files under a passphrase without one" convert old.pem --key old.key --for exchange -o nothing
expect_err 'a passphrase is needed to protect the files for exchange: give --out-password-file' "are asked for in a whole sentence"
# The outermost length is signed by nobody: one without end, or longer than need be, comes out as DER has it.
quietly openssl x509 -in old.pem -outform DER -out old.der
{ printf '\060\200'; tail -c +5 old.der; printf '\000\000'; } >indefinite.der
{ printf '\060\203\000'; tail -c +3 old.der; } >padded.der
for kind in indefinite padded; do
	expect_status 0 "a certificate of $kind length" convert $kind.der --to der -o $kind.out
	check "comes out as DER" cmp -s $kind.out old.der
	expect_status 0 "and goes into a PFX beside its key" convert $kind.der --key old.key --to pfx --out-password-file pass -o $kind.pfx
done
tap_done
