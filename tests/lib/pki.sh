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
# lab [OPTION...]: a CA home with small keys, in the usual place unless --home says another.
lab() {
	quietly "$REMINT" init --root-key ec:p256 --issuing-key ec:p256 "$@"
}
quietly() {
	"$@" >"$TMP/quiet.log" 2>&1 </dev/null || {
		not_ok "the inputs are made: $*" "$TMP/quiet.log"
		return 1
	}
}
