#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Revocation lists of every form (complete, partial, delta, empty, with holds and invalidity dates, of 10,000 entries) under issuers of every
# kind, judged by OpenSSL, GnuTLS, NSS and Java: the list is accepted, what it names is refused and what it does not name is not.

. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/interop/authorities.sh"
need openssl
cd "$TMP" || exit 99
remint() { quietly "$REMINT" --home "$home" "$@"; }

# ---- lists --------------------------------------------------------------------------------------------------------------

: >lists # "CA NAME": a list and who signed it
: >leaves # "CA VERDICT LEAF LIST...": what becomes of a leaf

# publish CA NAME [OPTION...]: CA.NAME/issuing.crl and so on, noted with every list that is new there.
publish() {
	publish_dir=$1.$2
	publish_ca=$1
	shift 2
	remint crl issuing --out "$publish_dir" "$@"
	for list in "$publish_dir"/*.crl; do echo "$publish_ca $list" >>lists; done
}

for kind in ec=ec:p256 rsa=rsa:2048 p384=ec:p384 ed=ed25519 pss=rsa-pss pss384=rsa-pss; do
	ca=${kind%%=*} key=${kind#*=}
	home=$ca.home
	shards=
	[ "$ca" = ec ] && shards='--crl-shards 2 --crl-deltas'
	if [ "$ca" = ed ]; then
		authority_ed "$home" --publish-url http://pki.example/
	elif [ "$ca" = pss ]; then
		authority_pss "$home" '' --publish-url http://pki.example/
	elif [ "$ca" = pss384 ]; then
		authority_pss "$home" sha384 --publish-url http://pki.example/
	else
		remint init --no-password --root-key ec:p256 --issuing-key "$key" --publish-url http://pki.example/ $shards
	fi
	remint ca export --out "$ca.trust"
	for leaf in good bad held dated later; do
		remint issue --dns "$leaf.example" --key-type ec:p256 --out "$ca.$leaf"
	done
	publish "$ca" empty
	remint revoke "$ca.bad/cert.pem" --reason superseded
	remint revoke "$ca.held/cert.pem" --hold
	remint revoke "$ca.dated/cert.pem" --reason keyCompromise --invalidity-date "$(date -u -d -1hour +%Y-%m-%dT%H:%M:%SZ)"
	publish "$ca" full
	remint revoke "$ca.later/cert.pem" --reason affiliationChanged
	remint revoke "$ca.held/cert.pem" --release
	publish "$ca" delta --delta
	for leaf in good later; do echo "$ca accepted $leaf $ca.full/issuing.crl" >>leaves; done
	for leaf in bad held dated; do echo "$ca revoked $leaf $ca.full/issuing.crl" >>leaves; done
	for leaf in good bad held; do echo "$ca accepted $leaf $ca.empty/issuing.crl" >>leaves; done
done
# The partial list that each leaf names, and a delta on top of the complete list.
for leaf in good bad held; do
	shard=$(openssl x509 -in "ec.$leaf/cert.pem" -noout -ext crlDistributionPoints | sed -n 's/.*\(issuing-shard[0-9]\)\.crl.*/\1/p')
	[ "$leaf" = good ] && verdict=accepted || verdict=revoked
	echo "ec $verdict $leaf ec.full/$shard.crl" >>leaves
done

# A CA that is taken back stands on its root's list: what hangs on it is refused by whoever checks the whole chain.
home=back.home
remint init --no-password --root-key ec:p256 --issuing-key ec:p256 --publish-url http://pki.example/
remint ca export --out back.trust
remint issue --dns leaf.example --key-type ec:p256 --out back.leaf
for state in before after; do
	[ $state = after ] && remint revoke --authority issuing --reason cACompromise --commit
	remint crl --out "back.$state"
done

# Ten thousand entries, put into the database as no verb would.
if have sqlite3; then
	home=ec.home
	quietly sqlite3 ec.home/ca.db "INSERT INTO revocations (authority, serial, shard, certificate, at, reason, invalid_since,
		expires, event) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		SELECT a.id, CAST(printf('%017d', i) AS BLOB), 1 + i % 2, NULL, 1700000000 + i, i % 6, 0, 0, 1
		FROM n, authorities a WHERE a.name = 'issuing'"
	publish ec many
	echo "ec accepted good ec.many/issuing.crl" >>leaves
	echo "ec revoked later ec.many/issuing.crl" >>leaves
	check "the long list has all entries" test \
		"$(openssl crl -inform DER -in ec.many/issuing.crl -noout -text | grep -c 'Serial Number:')" -eq 10003
else
	skip "sqlite3 is not installed" "a list of ten thousand"
fi

# ---- judges of lists ----------------------------------------------------------------------------------------------------

openssl_list() {
	openssl crl -inform DER -in "$list" -CAfile "$ca.trust/issuing.pem" -noout >"$TMP/said" 2>&1 && grep -q '^verify OK' "$TMP/said"
}
gnutls_list() {
	certtool --verify-crl --load-ca-certificate "$ca.trust/issuing.pem" --infile "$list.pem" >"$TMP/said" 2>&1 &&
		grep -qi 'verified' "$TMP/said" && ! grep -qi 'not verified' "$TMP/said"
}
# NSS takes one complete list an issuer, later than the one before: each gets a database of its own.
nss_list() {
	rm -rf nss && mkdir nss && certutil -N -d sql:nss --empty-password &&
		certutil -A -d sql:nss -n root -t CT,C,C -a -i "$ca.trust/root.pem" &&
		certutil -A -d sql:nss -n issuing -t ,, -a -i "$ca.trust/issuing.pem" && crlutil -I -i "$list" -d sql:nss
}
while read -r ca list; do
	check "OpenSSL accepts $list" openssl_list
	case $ca in # it takes leaves by these lists all the same
	pss) skip "certtool refuses also openssl's lists under a key for PSS that is bound to no digest" "GnuTLS, $list" ;;
	*) if have certtool; then check "GnuTLS accepts $list" gnutls_list; else skip "certtool is not installed" "GnuTLS, $list"; fi ;;
	esac
	case $list in
	*shard* | *delta* | ed.*) continue ;; # NSS knows no partial lists, no deltas, and no Ed25519
	esac
	if have crlutil; then check "NSS accepts $list" nss_list; else skip "crlutil is not installed" "NSS, $list"; fi
done <lists

# ---- judges of leaves ---------------------------------------------------------------------------------------------------

openssl_leaf() {
	openssl crl -inform DER -in "$list" -out "$TMP/list.pem"
	if openssl verify -crl_check -CAfile "$ca.trust/root.pem" -untrusted "$ca.trust/issuing.pem" -CRLfile "$TMP/list.pem" \
		"$ca.$leaf/cert.pem" >"$TMP/said" 2>&1; then
		[ "$verdict" = accepted ]
	else
		[ "$verdict" = revoked ] && grep -q 'certificate revoked' "$TMP/said"
	fi
}
gnutls_leaf() {
	cat "$ca.trust/root.pem" "$ca.trust/issuing.pem" >"$TMP/trust.pem"
	certtool --verify --load-ca-certificate "$TMP/trust.pem" --load-crl "$TMP/list.pem" --infile "$ca.$leaf/cert.pem" \
		>"$TMP/said" 2>&1
	if grep -q 'revoked' "$TMP/said"; then [ "$verdict" = revoked ]; else
		[ "$verdict" = accepted ] && grep -q 'The certificate is trusted' "$TMP/said"
	fi
}
while read -r ca verdict leaf list; do
	check "OpenSSL: $leaf is $verdict by $list" openssl_leaf
	if have certtool; then check "GnuTLS: $leaf is $verdict by $list" gnutls_leaf; else
		skip "certtool is not installed" "GnuTLS, $leaf by $list"
	fi
done <leaves

# A delta takes effect with the list that it stands on: what came later is refused, and what was released is not.
for leaf in later held; do
	openssl crl -inform DER -in ec.full/issuing.crl -out full.pem
	openssl crl -inform DER -in ec.delta/issuing-delta.crl -out delta.pem
	openssl verify -crl_check -extended_crl -use_deltas -CAfile ec.trust/root.pem -untrusted ec.trust/issuing.pem -CRLfile full.pem \
		-CRLfile delta.pem "ec.$leaf/cert.pem" >"$leaf.said" 2>&1
done
check "OpenSSL: a delta revokes" grep -q 'certificate revoked' later.said
check "OpenSSL: a delta releases" grep -q 'OK' held.said

openssl_chain() {
	cat "back.$state/root.crl.pem" "back.$state/issuing.crl.pem" >chain.crl
	if openssl verify -crl_check_all -CAfile back.trust/root.pem -untrusted back.trust/issuing.pem -CRLfile chain.crl back.leaf/cert.pem \
		>"$TMP/said" 2>&1; then
		[ "$state" = before ]
	else
		[ "$state" = after ] && grep -q 'error 23 at 1 depth lookup' "$TMP/said"
	fi
}
gnutls_chain() {
	cat back.leaf/cert.pem back.trust/issuing.pem >chain.pem
	certtool --verify --load-ca-certificate back.trust/root.pem --load-crl chain.crl --infile chain.pem >"$TMP/said" 2>&1
	if grep -q 'revoked' "$TMP/said"; then [ "$state" = after ]; else
		[ "$state" = before ] && grep -q 'The certificate is trusted' "$TMP/said"
	fi
}
for state in before after; do
	check "OpenSSL: what hangs on a CA, $state it is revoked" openssl_chain
	if have certtool; then check "GnuTLS: what hangs on a CA, $state it is revoked" gnutls_chain; else
		skip "certtool is not installed" "GnuTLS, a revoked CA"
	fi
done

nss_leaf() {
	certutil -A -d sql:nss -n "$leaf" -t ,, -a -i "$ca.$leaf/cert.pem" || return 1
	if certutil -V -d sql:nss -n "$leaf" -u V >"$TMP/said" 2>&1; then [ "$verdict" = accepted ]; else
		[ "$verdict" = revoked ] && grep -qi 'revoked' "$TMP/said"
	fi
}
if have crlutil; then
	for ca in rsa ec p384; do
		list=$ca.full/issuing.crl
		nss_list >nss.log 2>&1
		for row in good:accepted bad:revoked dated:revoked; do
			leaf=${row%:*} verdict=${row#*:}
			check "NSS: $leaf is $verdict by $list" nss_leaf
		done
	done
else
	skip "crlutil is not installed" "NSS, leaves"
fi

# ---- Java: one machine for all ------------------------------------------------------------------------------------------

if have javac; then
	cp "$srcdir/tests/interop/Lists.java" .
	check "the Java judge compiles" javac -d . Lists.java
	{
		while read -r ca list; do echo "list $ca.trust/issuing.pem $list"; done <lists
		while read -r ca verdict leaf list; do
			echo "path $ca.trust/root.pem $ca.trust/issuing.pem $ca.$leaf/cert.pem $list"
		done <leaves
		for state in before after; do
			echo "chain back.trust/root.pem back.trust/issuing.pem back.leaf/cert.pem back.$state/root.crl back.$state/issuing.crl"
		done
	} >java.in
	java -cp . Lists <java.in >java.out 2>java.err
	{
		sed 's/^/accepted /' lists
		while read -r ca verdict leaf list; do echo "$verdict $leaf by $list"; done <leaves
		echo "accepted what hangs on a CA"
		echo "revoked what hangs on a CA that is revoked"
	} >java.wanted
	paste -d'|' java.wanted java.out >java.rows
	while IFS='|' read -r wanted verdict; do
		echo "$verdict" >said
		check "Java: $wanted" test "${verdict%% *}" = "${wanted%% *}"
	done <java.rows
else
	skip "javac is not installed" "Java"
fi
tap_done
