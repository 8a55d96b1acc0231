# SPDX-License-Identifier: Apache-2.0
# Inputs for the tests of the command, made with the plain openssl program in the working directory. Read after tap.sh.
# P-256 keys, since they take no time; nothing here is made by Remint.

# old_ca: root.pem and root.key.
old_ca() {
	quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem \
		-subj '/O=Contoso/CN=Old Root' -days 3650 -addext keyUsage=critical,keyCertSign,cRLSign
}
# old_cert NAME SUBJECT [EXTENSION...]: NAME.key, NAME.csr and NAME.pem, issued by old_ca.
old_cert() {
	pki_name=$1 pki_subject=$2
	shift 2
	quietly openssl req -utf8 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$pki_name.key" \
		-out "$pki_name.csr" -subj "$pki_subject"
	{
		printf 'basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'
		for pki_line; do printf '%s\n' "$pki_line"; done
	} >"$pki_name.ext"
	quietly openssl x509 -req -in "$pki_name.csr" -CA root.pem -CAkey root.key -set_serial 0x0a4711 -days 200 \
		-out "$pki_name.pem" -extfile "$pki_name.ext"
}
# lapsed_cert NAME FROM: NAME.pem, from the request and the extensions of old_cert's FROM; it ended in 2020. `openssl x509` takes no
# end in the past from 3.4 on, `openssl ca` in every version.
lapsed_cert() {
	printf '%s\n' '[ca]' 'default_ca = past' '[past]' 'database = past.index' 'serial = past.serial' 'new_certs_dir = .' \
		'default_md = sha256' 'unique_subject = no' 'policy = any' '[any]' 'organizationName = optional' 'commonName = optional' >past.cnf
	: >past.index
	echo 06 >past.serial
	quietly openssl ca -batch -notext -config past.cnf -cert root.pem -keyfile root.key -in "$2.csr" -extfile "$2.ext" -out "$1.pem" \
		-preserveDN -startdate 20190101000000Z -enddate 20200101000000Z
	rm -f past.* 06.pem
}
# lab [OPTION...]: a CA home with small keys, in the usual place unless --home says another.
lab() {
	case " $* " in
	*' --no-issuing '*) quietly "$REMINT" init --root-key ec:p256 "$@" ;;
	*) quietly "$REMINT" init --root-key ec:p256 --issuing-key ec:p256 "$@" ;;
	esac
}
quietly() {
	"$@" >"$TMP/quiet.log" 2>&1 </dev/null || {
		not_ok "the inputs are made: $*" "$TMP/quiet.log"
		return 1
	}
}
# openssl_ca DIR SUBJECT: an empty CA as the manual of openssl ca has it, its key under the passphrase "secret"; its configuration is
# DIR.cnf.
openssl_ca() {
	mkdir -p "$1/newcerts" "$1/private"
	: >"$1/index.txt"
	echo 1000 >"$1/serial"
	echo 05 >"$1/crlnumber"
	cat >"$1.cnf" <<CONFIG
[ca]
default_ca = here
[here]
dir = $1
database = \$dir/index.txt
new_certs_dir = \$dir/newcerts
certificate = \$dir/cacert.pem
private_key = \$dir/private/cakey.pem
serial = \$dir/serial
crlnumber = \$dir/crlnumber
default_md = sha256
default_days = 200
default_crl_days = 30
policy = any
x509_extensions = leaf
unique_subject = no
[any]
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
authorityKeyIdentifier = keyid
crlDistributionPoints = URI:http://pki.example/demo.crl
[req]
distinguished_name = dn
[dn]
CONFIG
	quietly openssl req -config "$1.cnf" -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -passout pass:secret \
		-keyout "$1/private/cakey.pem" -out "$1/cacert.pem" -subj "$2" -days 3000 -addext basicConstraints=critical,CA:TRUE \
		-addext subjectKeyIdentifier=hash -addext keyUsage=critical,keyCertSign,cRLSign
}
