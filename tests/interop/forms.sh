# SPDX-License-Identifier: Apache-2.0
# Every form in which convert writes certificates, keys, requests, CRLs and public keys, line by line as a table: each is
# read by the tools of at least two other makers, and what they find in it is what went in. (PFX and PKCS#7 in all their
# strengths: containers.sh.)
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/interop/readers.sh"
need openssl
cd "$TMP" || exit 99

# ---- what goes in, and what every reader must find in it -----------------------------------------------------------------

quietly() { "$@" >"$TMP/quiet.out" 2>&1 || not_ok "the inputs are made: $*" "$TMP/quiet.out"; }
quietly "$REMINT" init --home home --no-password --publish-url http://pki.corp.example/
quietly "$REMINT" issue --home home --key-type rsa:2048 --subject 'CN=host.corp.example, O=----- Gr\C3\BC\C3\9Fe -----' --dns host.corp.example --out rsa
quietly "$REMINT" issue --home home --key-type ec:p256 --dns host.corp.example --out ec
quietly "$REMINT" ca export --home home --out trust
quietly "$REMINT" request --subject 'CN=asks.corp.example' --dns asks.corp.example --out asks
quietly openssl genpkey -algorithm ED25519 -out ed.key
quietly openssl pkey -in rsa/key.pem -pubout -out rsa.pub
: >index.txt
printf '[ca]\ndefault_ca = x\n[x]\ndatabase = index.txt\ndefault_md = sha256\ndefault_crl_days = 9\n' >crl.cnf
quietly openssl req -x509 -newkey rsa:2048 -nodes -keyout crl.key -subj '/CN=a CA' -days 9 -out crl.ca.pem
quietly openssl ca -gencrl -config crl.cnf -keyfile crl.key -cert crl.ca.pem -out crl.pem
printf 'Secret1\n' >pass

leaf=$(of_cert -in rsa/cert.pem) issuing=$(of_cert -in trust/issuing.pem) root=$(of_cert -in trust/root.pem)
wanted() {
	case $1 in
	leaf) echo "$leaf" ;;
	chain) printf '%s\n' "$leaf" "$issuing" ;;
	all) printf '%s\n' "$leaf" "$issuing" "$root" ;;
	upwards) printf '%s\n' "$root" "$issuing" "$leaf" ;;
	rsa | ec) key_of "$1/key.pem" ;;
	ed) key_of ed.key ;;
	trusted) printf '%s\n' "$issuing" "$root" | sort ;;
	stored) { printf '%s\n' "$leaf" "$issuing"; key_of rsa/key.pem; } | sort ;;
	profile) printf '%s\n' "$leaf" "$issuing" "$root" | sort ;;
	both) printf '%s\n' "$leaf" "$issuing"; key_of rsa/key.pem ;;
	request) openssl req -in asks/request.pem -outform DER | sha256sum | cut -c1-64 ;;
	crl) openssl crl -in crl.pem -outform DER | sha256sum | cut -c1-64 ;;
	public) of_public -in rsa.pub ;;
	esac
}

# ---- the table: form | what goes in and how it is written | what must be found | readers ------------------------------------

CHAIN='rsa/cert.pem --chain trust/chain.pem' # the root is in trust/chain.pem too
table() {
	cat <<TABLE
PEM|$CHAIN --to pem|chain|openssl_certs certtool_certs keytool_certs python_certs
PEM with the root|$CHAIN --to pem --with-root|all|openssl_certs certtool_certs keytool_certs python_certs
PEM, root first|$CHAIN --to pem --with-root --order root-first|upwards|openssl_certs certtool_certs keytool_certs python_certs
PEM in lines of 76 with CR LF|$CHAIN --to pem --width 76 --crlf|chain|openssl_certs certtool_certs keytool_certs python_certs
PEM in one line each|$CHAIN --to pem --width 4096|chain|certtool_certs keytool_certs python_certs
PEM with empty lines between|$CHAIN --to pem --separator blank|chain|openssl_certs certtool_certs keytool_certs python_certs
PEM with comments|$CHAIN --to pem --separator comment|chain|openssl_certs certtool_certs keytool_certs python_certs
PEM with comments beyond ASCII|$CHAIN --to pem --separator comment --charset utf-8 --crlf|chain|openssl_certs certtool_certs keytool_certs python_certs
PEM without a last line end|$CHAIN --to pem --no-final-newline|chain|openssl_certs certtool_certs keytool_certs python_certs
PEM with the key first|$CHAIN --key rsa/key.pem --to pem --content key,leaf,intermediates|both|openssl_both certtool_both python_both
PEM with the key under a passphrase|$CHAIN --key rsa/key.pem --to pem --cipher aes-128-cbc --kdf pbkdf2|both|openssl_both certtool_both python_both
one PEM certificate|$CHAIN --to pem --no-chain|leaf|openssl_certs certtool_certs keytool_certs python_certs nss_certs
PEM as UTF-8 with a mark|$CHAIN --to pem --charset utf-8-bom|chain|bare certtool_certs keytool_certs
PEM as UTF-16|$CHAIN --to pem --charset utf-16le|chain|narrow openssl_certs certtool_certs keytool_certs
every certificate as PEM|trust/root.pem trust/issuing.pem rsa/cert.pem --to pem --all|upwards|openssl_certs certtool_certs keytool_certs python_certs
DER|$CHAIN --to der|leaf|openssl_cert certtool_cert keytool_cert python_cert nss_cert
PKCS#8|rsa/key.pem --to pkcs8|rsa|openssl_key certtool_key python_key ssh_key
PKCS#8, EC|ec/key.pem --to pkcs8|ec|openssl_key certtool_key python_key ssh_key
PKCS#8, Ed25519|ed.key --to pkcs8|ed|openssl_key certtool_plain python_key
PKCS#8 in DER|rsa/key.pem --to pkcs8-der|rsa|openssl_keyder certtool_keyder python_keyder
PKCS#8 by --to der|ec/key.pem --to der|ec|openssl_keyder certtool_keyder python_keyder
PKCS#8, scrypt, AES-256|rsa/key.pem --to pkcs8 --cipher aes-256-cbc|rsa|openssl_key python_key
PKCS#8, PBKDF2, AES-256|rsa/key.pem --to pkcs8 --cipher aes-256-cbc --kdf pbkdf2|rsa|openssl_key certtool_key python_key
PKCS#8, PBKDF2, AES-192|ec/key.pem --to pkcs8 --cipher aes-192-cbc --kdf pbkdf2|ec|openssl_key certtool_key python_key
PKCS#8, PBKDF2, AES-128|ec/key.pem --to pkcs8 --cipher aes-128-cbc --kdf pbkdf2|ec|openssl_key certtool_key python_key
PKCS#8, PBKDF2, triple DES|rsa/key.pem --to pkcs8 --cipher des-ede3-cbc --kdf pbkdf2|rsa|openssl_key certtool_key python_key
PKCS#8 in DER, PBKDF2|rsa/key.pem --to pkcs8-der --cipher aes-256-cbc --kdf pbkdf2|rsa|openssl_keyder certtool_pkcs8der python_sealedder
PKCS#1|rsa/key.pem --to pkcs1|rsa|openssl_key certtool_key python_key ssh_key
PKCS#1 in DER|rsa/key.pem --to pkcs1-der|rsa|openssl_keyder certtool_keyder python_keyder
PKCS#1, AES-256|rsa/key.pem --to pkcs1 --cipher aes-256-cbc|rsa|openssl_key certtool_key python_key ssh_key
PKCS#1, triple DES with CR LF|rsa/key.pem --to pkcs1 --cipher des-ede3-cbc --crlf|rsa|openssl_key certtool_key python_key
SEC1|ec/key.pem --to sec1|ec|openssl_key certtool_key python_key ssh_key
SEC1 in DER|ec/key.pem --to sec1-der|ec|openssl_keyder certtool_keyder python_keyder
SEC1, AES-128|ec/key.pem --to sec1 --cipher aes-128-cbc|ec|openssl_key certtool_key python_key
the older form, RSA|rsa/key.pem --to traditional|rsa|openssl_key certtool_key python_key ssh_key
the older form, EC|ec/key.pem --to traditional --crlf --width 76|ec|openssl_key certtool_key python_key
JKS|$CHAIN --key rsa/key.pem --to jks|stored|keytool_stored python_stored
JKS that trusts|$CHAIN --to jks-trust|trusted|keytool_jks python_jks
PKCS#12 that Java trusts|$CHAIN --to pfx-trust|trusted|openssl_pfx certtool_pfx keytool_pfx
Apple profile|$CHAIN --to mobileconfig|profile|plistutil_profile python_profile
request|asks/request.der --to csr|request|openssl_request certtool_request python_request
request by --to pem|asks/request.der --to pem --separator comment|request|openssl_request certtool_request python_request
request in DER|asks/request.pem --to csr-der|request|openssl_requestder certtool_requestder python_requestder
CRL|crl.pem --to pem --width 76|crl|openssl_crl certtool_crl python_crl keytool_crl
CRL in DER|crl.pem --to der|crl|openssl_crlder certtool_crlder python_crlder keytool_crlder
public key|rsa.pub --to pem --crlf|public|openssl_public certtool_public python_public
public key in DER|rsa.pub --to der|public|openssl_publicder certtool_publicder python_publicder
TABLE
}

# The mark is what devices stumble over, and UTF-16 is Windows' own: iconv takes them away before others read on.
bare() { tail -c +4 written >plain && head -c 3 written | od -An -tx1 | grep -q 'ef bb bf' && mv plain written; }
narrow() { iconv -f UTF-16 -t US-ASCII written >plain && mv plain written; }

table >rows
while IFS='|' read -r form options what readers; do
	sealed=
	case $options in *--cipher* | *--to\ jks* | *--to\ pfx*) sealed='--out-password-file pass' ;; esac
	# shellcheck disable=SC2086
	check "$form is written" "$REMINT" convert $options $sealed --force -o written
	wanted "$what" >want
	count=0
	for reader in $readers; do
		case $reader in bare | narrow) check "$form: what stands around it is taken away" "$reader"; continue ;; esac
		count=$((count + 1))
		if ! have "$(program "$reader")"; then
			skip "$(program "$reader") is not installed" "$form: $reader"
			continue
		fi
		$reader written >got 2>err </dev/null || :
		if cmp -s want got; then ok "$form: ${reader%%_*} finds what went in"; else not_ok "$form: ${reader%%_*} finds what went in" got err; fi
	done
	[ $count -ge 2 ] || not_ok "$form has two readers or more"
done <rows

# No form without a row here or in containers.sh.
"$REMINT" convert --help | tr -s ' \n' '  ' >help
for format in $("$REMINT" completion bash | sed -n "s/.*compgen -W '\(pem der [^']*\)'.*/\1/p" | head -n 1); do
	[ "$format" = inf ] && continue
	grep -qE -- "--to $format[ |]" rows || grep -qE -- "(for form in|--to) .*$format( |;|$)" "$srcdir/tests/interop/containers.sh" || echo "$format" >>unread
done
[ -s unread ] && not_ok "every format is read by others" unread || ok "every format is read by others"

# What certreq is given is read by certreq, and by whatever reads sections and keys.
skip "certreq runs on Windows only" "an INF is read by certreq"
quietly "$REMINT" convert asks/request.pem --to inf --out asks.inf
if have python3; then
	python3 - asks.inf >got 2>err <<-'PYTHON'
		import configparser, sys
		inf = configparser.RawConfigParser(delimiters="=", comment_prefixes=";", strict=False)
		inf.read_string(open(sys.argv[1], encoding="ascii").read())
		print(inf["NewRequest"]["Subject"], inf["Extensions"]["2.5.29.17"], inf["Extensions"]["_continue_"])
	PYTHON
	grep -q '^"CN=asks.corp.example" "{text}" "DNS=asks.corp.example&*"$' got &&
		ok "inf: Python finds the subject and the name" || not_ok "inf: Python finds the subject and the name" got err
else
	skip "python3 is not installed" "inf: Python finds the subject and the name"
fi
# Config::IniFiles keeps a key that stands there twice, as _continue_ does.
if perl -MConfig::IniFiles -e 1 2>/dev/null; then
	quietly "$REMINT" request --cn asks.corp.example --dns asks.corp.example --dns also.corp.example --out both
	quietly "$REMINT" convert both/request.pem --to inf --out both.inf
	perl -MConfig::IniFiles -e 'my $inf = Config::IniFiles->new(-file => $ARGV[0], -nomultiline => 1) or die "@Config::IniFiles::errors\n";
		print join(" ", map { $inf->val(@$_) } ["NewRequest", "Subject"], ["NewRequest", "KeyLength"], ["Extensions", "2.5.29.17"],
			["Extensions", "_continue_"]), "\n"' both.inf >got 2>err
	grep -qE '^"CN=asks.corp.example" [0-9]+ "\{text\}" "DNS=asks.corp.example&" "DNS=also.corp.example&?"( |$)' got &&
		ok "inf: Perl finds the subject, the key and both names" || not_ok "inf: Perl finds the subject, the key and both names" got err both.inf
else
	skip "libconfig-inifiles-perl is not installed" "inf: Perl finds the subject, the key and both names"
fi
tap_done
