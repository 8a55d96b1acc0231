# SPDX-License-Identifier: Apache-2.0
# What the judges judge: one CA of each common kind of key, one certificate of every leaf template. To be sourced after
# tap.sh; leaves $TMP/CA/ (home), $TMP/CA.trust/ (ca export) and $TMP/CA.TEMPLATE/ (issue --out) for CA in rsa ec, and
# the list "CA TEMPLATE PURPOSE" in $TMP/material.

material_names() {
	case $1 in
	user-device) echo '--cn user1@corp.example --uri sip:user1@corp.example' ;;
	client) echo '--cn device7.corp.example --dns device7.corp.example' ;;
	ocsp-signer) echo '--cn ocsp.corp.example' ;;
	sfb-oauth) echo '--cn corp.example --dns corp.example' ;;
	*) echo '--cn host.corp.example --dns host.corp.example --dns alt.corp.example' ;;
	esac
}

material_purpose() {
	case $1 in
	client | user-device) echo client ;;
	ocsp-signer) echo any ;;
	*) echo server ;;
	esac
}

make_material() {
	: >"$TMP/material"
	for material_ca in rsa ec; do
		case $material_ca in
		rsa) material_keys='--root-key rsa:3072 --issuing-key rsa:2048' ;;
		ec) material_keys='--root-key ec:p384 --issuing-key ec:p256' ;;
		esac
		"$REMINT" init --home "$TMP/$material_ca" --no-password --publish-url http://pki.corp.example/ \
			$material_keys >"$TMP/init.out" 2>&1 || { not_ok "init makes the $material_ca CA" "$TMP/init.out"; return; }
		"$REMINT" ca export --home "$TMP/$material_ca" --out "$TMP/$material_ca.trust" >/dev/null 2>&1
		for material_file in "$srcdir"/templates/certificates/*.cfg; do
			material_template=$(basename "$material_file" .cfg)
			case $material_template in root-ca | issuing-ca | cross-ca) continue ;; esac
			"$REMINT" issue --home "$TMP/$material_ca" --template "$material_template" \
				$(material_names "$material_template") --out "$TMP/$material_ca.$material_template" \
				>"$TMP/issue.out" 2>&1 || not_ok "issue by $material_template under the $material_ca CA" "$TMP/issue.out"
			echo "$material_ca $material_template $(material_purpose "$material_template")" >>"$TMP/material"
		done
	done
}
