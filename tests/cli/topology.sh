# SPDX-License-Identifier: Apache-2.0
# The names of each server role, from a topology: written by issue and reissue, missed by audit; and topologies that are wrong.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl jq

cd "$TMP" || exit 99
cp "$srcdir/examples/topology.cfg" contoso.cfg
printf 'secret\n' >pass
lab --no-password --publish-url http://pki.contoso.com/

# names CERT: the CN, then each alternative name as openssl has it, a line each.
names() {
	openssl x509 -in "$1" -noout -subject -nameopt multiline | sed -n 's/^ *commonName *= /CN=/p'
	openssl x509 -in "$1" -noout -ext subjectAltName 2>/dev/null | sed 1d | tr ',' '\n' | sed 's/^ *//'
}
# expect_names CERT SENTENCE NAME...: CN first, then the host names in order.
expect_names() {
	names_of=$1 names_say=$2
	shift 2
	printf 'CN=%s\n' "$1" >"$TMP/wanted"
	shift
	[ $# -eq 0 ] || printf 'DNS:%s\n' "$@" >>"$TMP/wanted"
	names "$names_of" >"$TMP/got"
	expect_same "$TMP/wanted" "$TMP/got" "$names_say"
}
# role TARGET: issued, and taken by the second audit without a word; and what is imported by a third.
role() {
	expect_status 0 "$1: a certificate is issued from the topology" \
		"$REMINT" issue --for "$1" --topology contoso.cfg --out "$1" --out-password-file pass --json
	jq -r '.certificates[0].findings[] | select(.severity != "info") | .rule + ": " + .message' "$TMP/out" >"$TMP/found"
	expect_no_line "$TMP/found" . "$1: the second audit has nothing to say"
	expect_status 0 "$1: nor has an audit of the file that is imported" \
		"$REMINT" audit "$1"/*.pfx --password-file pass --for "$1" --topology contoso.cfg --fail-on warning
}

# ---- each role

role sfb-front-end
expect_names sfb-front-end/cert.pem "a Front End pool: pool, servers, sip, web services, simple URLs, mobility" \
	pool01.contoso.com \
	pool01.contoso.com fe01.contoso.com fe02.contoso.com sip.contoso.com sip.fabrikam.com webint.contoso.com webext.contoso.com \
	meet.contoso.com meet.fabrikam.com dialin.contoso.com admin.contoso.com \
	lyncdiscoverinternal.contoso.com lyncdiscoverinternal.fabrikam.com lyncdiscover.contoso.com lyncdiscover.fabrikam.com \
	sipinternal.contoso.com
role sfb-director
expect_names sfb-director/cert.pem "a Director pool the same with names of its own" \
	dirpool.contoso.com \
	dirpool.contoso.com dir01.contoso.com sip.contoso.com sip.fabrikam.com dirwebint.contoso.com dirwebext.contoso.com \
	meet.contoso.com meet.fabrikam.com dialin.contoso.com admin.contoso.com \
	lyncdiscoverinternal.contoso.com lyncdiscoverinternal.fabrikam.com lyncdiscover.contoso.com lyncdiscover.fabrikam.com
role sfb-mediation
expect_names sfb-mediation/cert.pem "Mediation Servers: pool and servers" \
	medpool.contoso.com medpool.contoso.com med01.contoso.com med02.contoso.com
role sfb-edge-internal
expect_names sfb-edge-internal/cert.pem "an Edge inside: the pool alone" edgepool.contoso.com edgepool.contoso.com
role sfb-edge-external
expect_names sfb-edge-external/cert.pem "an Edge outside: the Access Edge first, web conferencing, sip of the others, XMPP" \
	sip.contoso.com sip.contoso.com webcon.contoso.com sip.fabrikam.com xmpp.contoso.com '*.contoso.com'
role sfb-oauth
expect_names sfb-oauth/cert.pem "OAuth: the SIP domain" contoso.com contoso.com
role sfb-reverse-proxy
expect_names sfb-reverse-proxy/cert.pem "a reverse proxy: external web names, lyncdiscover, simple URLs, Office Web Apps" \
	webext.contoso.com webext.contoso.com dirwebext.contoso.com webext02.contoso.com \
	lyncdiscover.contoso.com lyncdiscover.fabrikam.com meet.contoso.com meet.fabrikam.com dialin.contoso.com wac.contoso.com
role office-web-apps
expect_names office-web-apps/cert.pem "a farm: the farm and its machines" wac.contoso.com wac.contoso.com wac01.contoso.com
role exchange
expect_names exchange/cert.pem "Exchange: its namespaces and autodiscover" \
	mail.contoso.com mail.contoso.com autodiscover.contoso.com autodiscover.fabrikam.com

# ---- one server, names beside, several targets

printf 'mediation: { pool = "all.contoso.com"; };\nedge: { pool = "all.contoso.com"; };\n' >agree.cfg

expect_status 0 "one server of the pool" \
	"$REMINT" issue --for sfb-mediation --topology contoso.cfg --server MED02.contoso.com --out one --out-password-file pass
expect_names one/cert.pem "has a certificate with its own name" medpool.contoso.com medpool.contoso.com med02.contoso.com
expect_status 0 "which is good for that server" \
	"$REMINT" audit one/fullchain.pem --for sfb-mediation --topology contoso.cfg --server med02.contoso.com
expect_status 1 "but not for the other" \
	"$REMINT" audit one/fullchain.pem --for sfb-mediation --topology contoso.cfg --server med01.contoso.com
expect_out 'the alternative names lack med01\.contoso\.com' "whose name is missing"
expect_status 0 "and where none is meant any will do" "$REMINT" audit one/fullchain.pem --for sfb-mediation --topology contoso.cfg
expect_status 0 "names and a subject beside the topology" \
	"$REMINT" issue --for sfb-mediation --topology contoso.cfg --dns gw.contoso.com --dns MEDPOOL.contoso.com \
	--subject 'O=Contoso, C=NL' --out beside --out-password-file pass
expect_names beside/cert.pem "stand behind its names" medpool.contoso.com medpool.contoso.com med01.contoso.com med02.contoso.com gw.contoso.com
openssl x509 -in beside/cert.pem -noout -subject -nameopt RFC2253 >"$TMP/got"
expect_line "$TMP/got" 'C=NL.*O=Contoso|O=Contoso.*C=NL' "and the subject has them"
expect_status 4 "another common name is refused before anything is signed" \
	"$REMINT" issue --for sfb-mediation --topology contoso.cfg --cn other.contoso.com --out other --out-password-file pass
expect_err 'the common name is "other\.contoso\.com", not "medpool\.contoso\.com"' "by the rule"
expect_status 0 "two roles that agree share a certificate" \
	"$REMINT" issue --for sfb-mediation --for sfb-edge-internal --topology agree.cfg --out both --out-password-file pass
expect_names both/cert.pem "with the names of both" all.contoso.com all.contoso.com
expect_status 4 "two that contradict each other do not" \
	"$REMINT" issue --for sfb-mediation --for sfb-director --topology contoso.cfg --out both2 --out-password-file pass
expect_err 'leaf\.cn\.topology|the common name is "medpool\.contoso\.com", not "dirpool\.contoso\.com"' "and are told so"

# ---- wildcards, Standard Edition, what is left out

{
	cat contoso.cfg
	echo
} | sed 's/^wildcards = false/wildcards = true/; s/^strict_auto_logon = true/strict_auto_logon = false/' >wild.cfg
expect_status 0 "with wildcards" "$REMINT" issue --for sfb-front-end --topology wild.cfg --out wild --out-password-file pass
expect_names wild/cert.pem "a star stands for simple URLs and mobility alone" \
	pool01.contoso.com pool01.contoso.com fe01.contoso.com fe02.contoso.com webint.contoso.com webext.contoso.com \
	'*.contoso.com' '*.fabrikam.com' sipinternal.contoso.com
expect_status 0 "an audit by the other topology takes the star" \
	"$REMINT" audit wild/fullchain.pem --for sfb-front-end --topology wild.cfg --fail-on warning
expect_status 1 "but not for sip, which strict clients want" \
	"$REMINT" audit wild/fullchain.pem --for sfb-front-end --topology contoso.cfg
expect_out 'the alternative names lack sip\.contoso\.com, sip\.fabrikam\.com' "and says which"
expect_no_line "$TMP/out" 'lack.*meet' "and nothing of the simple URLs"
cat >standard.cfg <<'CFG'
sip_domains = [ "contoso.com" ];
simple_urls: { meet = [ "https://se01.contoso.com/meet" ]; dialin = [ "https://dialin.contoso.com/" ]; };
front_end: { pool = "SE01.Contoso.com"; web_external = "webext.contoso.com"; };
CFG
expect_status 0 "Standard Edition" "$REMINT" issue --for sfb-front-end --topology standard.cfg --out se --out-password-file pass
expect_names se/cert.pem "is a pool that is its server; what is not stated is left out" \
	se01.contoso.com se01.contoso.com webext.contoso.com dialin.contoso.com

# ---- a certificate made without the topology

old_ca
old_cert old '/O=Contoso/CN=fe01.contoso.com' extendedKeyUsage=serverAuth,clientAuth \
	subjectAltName=DNS:fe01.contoso.com,DNS:pool01.contoso.com,DNS:intranet.contoso.com \
	crlDistributionPoints=URI:http://pki.contoso.com/root.crl keyUsage=critical,digitalSignature,keyEncipherment
cat old.pem root.pem >old-chain.pem
expect_status 0 "without a topology it is fine" "$REMINT" audit old-chain.pem --for sfb-front-end
expect_status 1 "with one it lacks names" "$REMINT" audit old-chain.pem --for sfb-front-end --topology contoso.cfg --json
jq -r '.findings[] | select(.rule | endswith(".topology")) | .rule, .severity, .place, .message, .citation, .fix' "$TMP/out" >"$TMP/got"
cat >"$TMP/wanted" <<'TEXT'
leaf.san.topology
error
tbs.extensions.subjectAltName
the alternative names lack sip.contoso.com, sip.fabrikam.com, webint.contoso.com, webext.contoso.com, meet.contoso.com, meet.fabrikam.com, dialin.contoso.com, admin.contoso.com, lyncdiscoverinternal.contoso.com, lyncdiscoverinternal.fabrikam.com, lyncdiscover.contoso.com, lyncdiscover.fabrikam.com, sipinternal.contoso.com
Microsoft OfficeDocs-SkypeForBusiness, environmental-requirements.md: certificate requirements: certificate table; certificates for mobility
reissue the certificate with --topology
TEXT
expect_same "$TMP/wanted" "$TMP/got" "all of them, with the document that asks for them"
expect_status 1 "for another role the common name is wrong" \
	"$REMINT" audit old-chain.pem --for sfb-director --topology contoso.cfg
expect_out 'the common name is "fe01\.contoso\.com", not "dirpool\.contoso\.com"' "and is told"
expect_status 0 "a reissue writes them" \
	"$REMINT" reissue old.pem --for sfb-front-end --topology contoso.cfg --out new --out-password-file pass --json
jq -r '.certificates[0].findings[] | select(.severity != "info") | .rule + ": " + .message' "$TMP/out" >"$TMP/found"
expect_no_line "$TMP/found" . "and its second audit has nothing to say"
expect_names new/cert.pem "before what the old one had; its server and its common name stay" \
	fe01.contoso.com \
	pool01.contoso.com fe01.contoso.com sip.contoso.com sip.fabrikam.com webint.contoso.com webext.contoso.com \
	meet.contoso.com meet.fabrikam.com dialin.contoso.com admin.contoso.com \
	lyncdiscoverinternal.contoso.com lyncdiscoverinternal.fabrikam.com lyncdiscover.contoso.com lyncdiscover.fabrikam.com \
	sipinternal.contoso.com intranet.contoso.com
expect_status 0 "and an audit of it, too" \
	"$REMINT" audit new/fullchain.pem --for sfb-front-end --topology contoso.cfg --server fe01.contoso.com --fail-on warning
old_cert wrong '/C=NL/O=Contoso/CN=*.contoso.com' subjectAltName=DNS:*.contoso.com
expect_status 0 "a wrong common name is replaced" \
	"$REMINT" reissue wrong.pem --for sfb-edge-internal --topology contoso.cfg --template sfb-front-end --out right --out-password-file pass
openssl x509 -in right/cert.pem -noout -subject -nameopt RFC2253 >"$TMP/got"
printf 'subject=CN=edgepool.contoso.com,O=Contoso,C=NL\n' >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/got" "and the rest of the subject stays"

# ---- requests, for a CA elsewhere

# asked REQUEST: as names, of a request.
asked() {
	openssl req -in "$1" -noout -subject -nameopt multiline | sed -n 's/^ *commonName *= /CN=/p'
	openssl req -in "$1" -noout -text | sed -n '/Subject Alternative Name/{n;s/^ *//;s/, /\
/g;p;}'
}
expect_status 0 "a request for a public CA" "$REMINT" request --for sfb-edge-external --topology contoso.cfg --subject 'O=Contoso, C=NL' --out csr
asked csr/request.pem >"$TMP/got"
names sfb-edge-external/cert.pem >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/got" "has the names that a certificate of ours has"
openssl req -in csr/request.pem -noout -subject -nameopt RFC2253 >"$TMP/got"
expect_line "$TMP/got" 'CN=sip\.contoso\.com' "its common name"
expect_line "$TMP/got" 'O=Contoso' "and the subject that was stated"
expect_status 0 "a request for one server that repeats a certificate" \
	"$REMINT" request --for sfb-front-end --topology standard.cfg --server se01.contoso.com --from old.pem --out csr2
asked csr2/request.pem >"$TMP/got"
printf '%s\n' CN=se01.contoso.com DNS:se01.contoso.com DNS:webext.contoso.com DNS:dialin.contoso.com DNS:fe01.contoso.com \
	DNS:pool01.contoso.com DNS:intranet.contoso.com >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/got" "puts the names of its role before the old ones"
expect_status 4 "another common name is refused" "$REMINT" request --for sfb-mediation --topology contoso.cfg --cn x.contoso.com --out csr3
expect_err 'the topology has "medpool\.contoso\.com" as the common name for sfb-mediation' "with the one that it should be"

# ---- by name, from the home

mkdir -p "$HOME/.local/share/remint/templates/topologies"
printf 'extends = "%s/contoso.cfg";\nmediation: { pool = "second.contoso.com"; servers = [ "m9.contoso.com" ]; };\n' "$TMP" \
	>"$HOME/.local/share/remint/templates/topologies/second.cfg"
expect_status 0 "a topology of the home is found by its name" \
	"$REMINT" issue --for sfb-mediation --topology second --out second --out-password-file pass
expect_names second/cert.pem "and states only what differs" second.contoso.com second.contoso.com m9.contoso.com
cp contoso.cfg bare
expect_status 0 "a file beside us needs no slash" "$REMINT" audit one/fullchain.pem --for sfb-mediation --topology bare

# ---- audit for many

expect_status 1 "an audit for many with a topology" \
	"$REMINT" audit old-chain.pem --for 'sfb-*' --for nginx --topology standard.cfg
expect_err 'standard\.cfg states no director\.pool: the names that sfb-director needs are not judged' "warns of what cannot be judged"
expect_no_line "$TMP/err" nginx "and not of who takes no names from it"

# ---- what is wrong

sed 's/^sip_domains/sip_domain/' contoso.cfg >key.cfg
sed 's/pool01\.contoso\.com/pool_01.contoso.com/' contoso.cfg >name.cfg
sed 's/^mobility = true/mobility = 1/' contoso.cfg >type.cfg
sed 's/ "meet/ x/; s/^simple_urls: {/simple_urls: {;;/' contoso.cfg >syntax.cfg
: >empty.cfg
while IFS='|' read -r sentence status arguments says; do
	set -f
	expect_status "$status" "$sentence" "$REMINT" $arguments
	set +f
	expect_err "^remint: .*$says" "$sentence: the line says so"
	expect_no_line "$TMP/out" . "$sentence: and nothing else is printed"
done <<'TABLE'
an unknown key|3|audit old.pem --for sfb-front-end --topology key.cfg|key\.cfg: line 11: "sip_domain" is not a key here \(did you mean "sip_domains"\?\)
a name with an underscore|3|audit old.pem --for sfb-front-end --topology name.cfg|name\.cfg: line 29: "front_end.pool" wants text
a number for true|3|audit old.pem --for sfb-front-end --topology type.cfg|type\.cfg: line 16: "mobility" wants true or false, not a number
a syntax error|3|audit old.pem --for sfb-front-end --topology syntax.cfg|syntax\.cfg: line 2[0-9]: syntax error
a file that is not there|3|audit old.pem --for sfb-front-end --topology ./nowhere.cfg|nowhere\.cfg: 
a name that is not there|2|audit old.pem --for sfb-front-end --topology contosso|no topology is named "contosso"
a topology that states nothing|2|audit old.pem --for sfb-front-end --topology empty.cfg|none of the targets takes its names
a target without names|2|audit old.pem --for nginx --topology contoso.cfg|none of the targets takes its names
a role that it does not state|2|issue --for sfb-director --topology standard.cfg --out d|standard\.cfg: it states no director\.pool, from which the names for sfb-director are made
a server that is not there|2|issue --for sfb-front-end --topology contoso.cfg --server fe03.contoso.com --out d|contoso\.cfg: no server is named "fe03\.contoso\.com" \(did you mean "fe0[12]\.contoso\.com"\?\)
a server of another role|2|audit old.pem --for sfb-front-end --topology contoso.cfg --server med01.contoso.com|is a server, but not of what is asked for
a topology for nobody|2|request --topology contoso.cfg --cn a.contoso.com --out d|none of the targets takes its names
a server without a topology|2|audit old.pem --for sfb-front-end --server fe01.contoso.com|give --topology FILE
renew keeps the names|2|renew old.pem --topology contoso.cfg|unknown option --topology
TABLE
[ -e d ] && not_ok "nothing was made" || ok "nothing was made"
expect_status 0 "the database is sound after all this" "$REMINT" db check
tap_done
