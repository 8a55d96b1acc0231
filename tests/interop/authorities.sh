# SPDX-License-Identifier: Apache-2.0
# Homes with an issuing CA named "issuing" whose key `remint init` does not make: Ed25519, and RSA for RSASSA-PSS alone. Read after tap.sh and
# pki.sh.

# authority_ed HOME OPTION...: by a template of one's own, since consumers of the field do not take it. The options are those of ca add.
authority_ed() {
	authority_home=$1
	shift
	mkdir -p ed25519/certificates
	printf '%s\n' 'title = "An issuing CA with Ed25519";' 'extends = "issuing-ca";' 'key: { generate = "ed25519"; accept = [ "ed25519" ]; };' \
		>ed25519/certificates/ed-ca.cfg
	quietly "$REMINT" init --home "$authority_home" --no-password --root-key ec:p256 --no-issuing
	quietly "$REMINT" ca add issuing --home "$authority_home" --policies ed25519 --template ed-ca --key-type ed25519 --subject 'CN=Ed25519 CA' "$@"
}

# authority_pss HOME DIGEST OPTION...: made by openssl, and taken over. The key is bound to a digest, "" to none. The options are those of
# import.
authority_pss() {
	authority_home=$1 authority_bound= authority_digest=
	[ -z "$2" ] || {
		authority_digest=-$2
		authority_bound="-pkeyopt rsa_pss_keygen_md:$2 -pkeyopt rsa_pss_keygen_mgf1_md:$2 -pkeyopt rsa_pss_keygen_saltlen:32"
	}
	shift 2
	quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout pss.root.key -out pss.root.pem \
		-subj /CN=root -days 3000 -addext keyUsage=critical,keyCertSign,cRLSign
	# shellcheck disable=SC2086
	quietly openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 $authority_bound -out pss.key
	quietly openssl req -new -key pss.key $authority_digest -subj /CN=issuing -out pss.csr
	printf '%s\n' basicConstraints=critical,CA:TRUE,pathlen:0 keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash \
		authorityKeyIdentifier=keyid >pss.ext
	quietly openssl x509 -req -in pss.csr -CA pss.root.pem -CAkey pss.root.key -set_serial 0x4711 -days 2000 -extfile pss.ext -out pss.pem
	quietly "$REMINT" init --home "$authority_home" --no-password --no-root
	quietly "$REMINT" import --home "$authority_home" --commit pss.root.pem pss.pem --key pss.key "$@"
}
