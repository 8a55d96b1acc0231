#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What Remint costs, beside a ceiling and a peer measured in the same run. Read the ratios, not the seconds.
#
#	make bench              everything (some minutes, 4 GB under TMPDIR)
#	make bench BENCH=sign   one part or several: sign rsa piles single list probe pfx files p7b paths crl status ocsp
#
# Figures are medians of runs that take turns with their peers. Rates are per second of CPU (user and system) unless
# they say wall. Nothing here passes or fails; a peer that is not installed is named and left out.

set -eu
: "${srcdir:=.}" "${builddir:=.}" "${LC_ALL:=C}"
export LC_ALL
builddir=$(cd "$builddir" && pwd)
: "${REMINT:=$builddir/remint}"
ceiling=$builddir/tests/bench/ceiling fill=$builddir/tests/bench/fill measure=$builddir/tests/bench/measure
shake=$builddir/tests/bench/shake spread=$builddir/tests/bench/spread within=$builddir/tests/bench/within
for program in "$REMINT" "$ceiling" "$fill" "$measure" "$shake" "$spread" "$within"; do
	[ -x "$program" ] || { echo "bench: $program is not built: make bench" >&2; exit 2; }
done
work=$(mktemp -d "${TMPDIR:-/var/tmp}/remint-bench.XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"
REMINT_HOME=$work/home
export REMINT_HOME

# ---- measuring -------------------------------------------------------------------------------------------------------

# cost NAME COMMAND...: run it once more under NAME; "cpu wall kib" is added to NAME.cost. A command that fails is
# reported and has no cost.
cost() {
	cost_name=$1
	shift
	if "$measure" "$cost_name.cost" "$@" >"$cost_name.out" 2>"$cost_name.err" </dev/null; then
		return 0
	else
		cost_status=$?
	fi
	echo "failed with status $cost_status: $*"
	sed -n '1,3s/^/    /p' "$cost_name.err"
	rm -f "$cost_name.cost"
}

# median NAME COLUMN: 1 CPU seconds, 2 wall seconds, 3 KiB. Nothing when there is no figure.
median() {
	[ -s "$1.cost" ] || return 0
	cut -d' ' -f"$2" "$1.cost" | sort -g | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# calc FORMAT EXPRESSION: a dash when a figure is missing.
calc() {
	awk "BEGIN { printf \"$1\", $2 }" 2>/dev/null || printf -- '-'
}

row() { printf '%-52s %s\n' "$1" "$2"; }
title() { printf '\n== %s\n' "$1"; }
rate() { calc '%.0f/s' "$2 / $(median "$1" 1)"; }
ms() { calc '%.1f ms' "1000 * $(median "$1" "${2:-1}")"; }
mib() { calc '%.1f MiB' "$(median "$1" 3) / 1024"; }
absent() { row "$1" "not measured: $2 is not installed"; }
have() { command -v "$1" >/dev/null 2>&1; }

# ---- material --------------------------------------------------------------------------------------------------------

requests() {
	[ -e requests.pem ] || "$ceiling" requests 20000 requests.pem
}

# first N FILE: the first N PEM blocks.
first() {
	awk -v n="$1" '{ print } /^-----END/ && ++seen == n { exit }' "$2"
}

# new_home DIR KEY [OPTION...]
new_home() {
	rm -rf "$1"
	new_home_dir=$1 new_home_key=$2
	shift 2
	"$REMINT" init --home "$new_home_dir" --root-key "$new_home_key" --issuing-key "$new_home_key" "$@" \
		>init.out 2>init.err || { cat init.err; exit 1; }
}

# A home with a million certificates; it stays for other parts.
full_home() {
	[ -e home.full/ca.db ] && return
	new_home home.full ec:p256 --no-password
	"$fill" home.full 1000000
}

# A CA for openssl ca, with a P-256 key.
openssl_ca() {
	rm -rf oca
	mkdir -p oca/new
	: >oca/index.txt
	echo 1000 >oca/serial
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout oca/key.pem -out oca/ca.pem -days 3650 \
		-subj '/CN=Bench CA' 2>/dev/null
	cat >oca/ca.cnf <<CNF
[ca]
default_ca = d
[d]
database = oca/index.txt
serial = oca/serial
new_certs_dir = oca/new
certificate = oca/ca.pem
private_key = oca/key.pem
default_md = sha256
default_days = 199
policy = p
x509_extensions = x
unique_subject = no
[p]
commonName = supplied
[x]
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CNF
}

# An RSA-2048 hierarchy, as most estates have: its signatures are the cheapest to verify, for the peers too.
rsa_home() {
	[ -e cas ] && return
	new_home home.pile rsa:2048 --no-password --offline-root home.root
	"$REMINT" --home home.pile ca export --out cas >/dev/null
	cp home.pile/keys/*.pem issuing.key
}

certs() {
	[ -e certs.pem ] && return
	rsa_home
	"$ceiling" certs 10000 certs.pem cas/issuing.pem issuing.key
}

pile() {
	[ -e pile.pem ] && return
	rsa_home
	"$ceiling" certs 100000 pile.pem cas/issuing.pem issuing.key
}

# ---- the parts -------------------------------------------------------------------------------------------------------

bench_sign() {
	title "Signing 20,000 P-256 requests into the database (P-256 CA)"
	requests
	for _ in 1 2 3; do
		cost "ceiling" "$ceiling" sign requests.pem ec:p256
		new_home home ec:p256 --no-password
		cost one "$REMINT" sign requests.pem
		new_home home ec:p256 --no-password
		cost two "$REMINT" sign --jobs 2 requests.pem
	done
	row "ceiling: walk, verify, build, sign; no database" "$(rate ceiling 20000)"
	row "remint sign" "$(rate one 20000), $(calc '%.0f/s' "20000 / $(median one 2)") wall, peak $(mib one)"
	row "remint sign --jobs 2" "$(calc '%.0f/s' "20000 / $(median two 2)") wall, peak $(mib two)"
	row "fdatasync on this disk" "$("$ceiling" sync .)/s"
	row "ratio to the ceiling (aim: 0.50)" "$(calc %.2f "$(median ceiling 1) / $(median one 1)")"
	row "two jobs to one, wall (aim: 1.3)" "$(calc %.2f "$(median one 2) / $(median two 2)")"
	have openssl || { absent "openssl ca -batch" openssl; return; }
	openssl_ca
	mkdir -p split
	"$ceiling" split requests.pem split
	cost oca openssl ca -batch -config oca/ca.cnf -infiles split/*.pem
	openssl_ca
	cost oca.notext openssl ca -batch -notext -config oca/ca.cnf -infiles split/*.pem
	row "openssl ca -batch" "$(rate oca 20000)"
	row "openssl ca -batch -notext" "$(rate oca.notext 20000)"
	row "ratio to openssl ca (aim: 5), to it with -notext" \
		"$(calc %.1f "$(median oca 1) / $(median one 1)"), $(calc %.1f "$(median oca.notext 1) / $(median one 1)")"
}

bench_rsa() {
	title "Signing 5,000 P-256 requests under an RSA-2048 issuing key"
	requests
	first 5000 requests.pem >some.pem
	for _ in 1 2 3; do
		cost ceiling.rsa "$ceiling" sign some.pem rsa:2048
		new_home home rsa:2048 --no-password
		cost rsa "$REMINT" sign some.pem
	done
	row "ceiling with a key of the same kind" "$(rate ceiling.rsa 5000)"
	row "remint sign" "$(rate rsa 5000)"
	row "ratio to the ceiling (aim: 0.70)" "$(calc %.2f "$(median ceiling.rsa 1) / $(median rsa 1)")"
}

bench_piles() {
	title "A PEM pile of 100,000 certificates with P-256 keys, under an RSA-2048 CA"
	pile
	first 10000 pile.pem >part.pem
	for _ in 1 2 3; do
		cost show "$REMINT" show --json pile.pem
		cost leaf "$REMINT" audit --for dotnet-mtls pile.pem
	done
	cost path "$REMINT" audit --for dotnet-mtls --trust cas/root.pem --chain cas/issuing.pem pile.pem
	cost show.part "$REMINT" show --json part.pem
	cost leaf.part "$REMINT" audit --for dotnet-mtls part.pem
	cost path.part "$REMINT" audit --for dotnet-mtls --trust cas/root.pem --chain cas/issuing.pem part.pem
	row "remint show --json (aim: 60,000)" "$(rate show 100000), peak $(mib show), of a tenth $(mib show.part)"
	row "remint audit, leaf rules alone (aim: 50,000)" "$(rate leaf 100000), peak $(mib leaf), of a tenth $(mib leaf.part)"
	row "remint audit, every path verified (aim: 4,000)" "$(rate path 100000), peak $(mib path), of a tenth $(mib path.part)"
	row "  it says" "$(sed -n 's/.*; \([0-9]* signatures verified\).*/\1/p' path.out)"
	if have openssl; then
		cost store openssl storeutl -noout -certs pile.pem
		row "openssl storeutl -certs" "$(rate store 100000), peak $(mib store)"
		row "show, leaf rules and full audit to it (aims: 6, 5, 0.4)" "$(calc '%.1f' "$(median store 1) / $(median show 1)"), $(
			calc '%.1f' "$(median store 1) / $(median leaf 1)"), $(calc '%.2f' "$(median store 1) / $(median path 1)")"
	else
		absent "openssl storeutl -certs" openssl
	fi
	if have certtool; then
		cost tool certtool --certificate-info --infile part.pem
		row "certtool --certificate-info, a tenth" "$(rate tool 10000)"
	else
		absent "certtool --certificate-info" "certtool (gnutls-bin)"
	fi
	rm -f ./*.out
}

bench_single() {
	title "One remint sign of one request, the whole process"
	requests
	first 1 requests.pem >one.pem
	printf 'bench passphrase\n' >pass && chmod 600 pass
	new_home home ec:p256 --no-password
	new_home home.locked ec:p256 --ca-password-file pass
	full_home
	for _ in 1 2 3 4 5 6 7 8 9; do
		cost single "$REMINT" sign one.pem
		cost single.full "$REMINT" sign --home home.full one.pem
		cost single.locked "$REMINT" sign --home home.locked --ca-password-file pass one.pem
	done
	row "remint sign, small database (aim: below 10)" "$(ms single) of CPU, $(ms single 2) wall"
	row "remint sign, 1,000,000 certificates (aim: below 10)" "$(ms single.full) of CPU, $(ms single.full 2) wall"
	row "the CA key's passphrase adds" "$(calc '%.1f ms' "1000 * ($(median single.locked 1) - $(median single 1))") of CPU"
	have openssl || { absent "openssl ca, small index" openssl; return; }
	openssl_ca
	printf 'expiration_days = 199\ntls_www_server\ntls_www_client\nsigning_key\n' >certtool.cfg
	for _ in 1 2 3 4 5 6 7 8 9; do
		cost oca.one openssl ca -batch -notext -config oca/ca.cnf -in one.pem
		! have certtool || cost tool.one certtool --generate-certificate --load-request one.pem \
			--load-ca-certificate oca/ca.pem --load-ca-privkey oca/key.pem --template certtool.cfg
	done
	row "openssl ca, small index" "$(ms oca.one) of CPU"
	if have certtool; then
		row "certtool --generate-certificate, no database" "$(ms tool.one) of CPU"
	else
		absent "certtool --generate-certificate, no database" "certtool (gnutls-bin)"
	fi
}

# page WHAT [OPTION...]
page() {
	page_name=$1
	shift
	rm -f page.cost
	for _ in 1 2 3 4 5 6 7; do
		cost page "$REMINT" list --home home.full "$@"
	done
	row "list, $page_name" "$(ms page) of CPU, $(ms page 2) wall"
}

bench_list() {
	title "The first page of a database with 1,000,000 certificates (aim: below 50 ms each)"
	full_home
	page newest
	page "exact name" --name host0500000.bench.example
	page "prefix of 10 names" --name 'host099999*'
	page "prefix of 100,000 names" --name 'host05*'
	page "prefix of every name" --name 'h*'
	page "serial prefix" --serial 7f
	page target --target nginx
	page template --template server-client
	page "expires before" --expires-before "$(date -u -d '+30 days' +%Y-%m-%d)"
	page "status valid" --status valid
	page "status superseded" --status superseded
	page "status expired" --status expired
	page "status revoked" --status revoked
}

# The same endpoints in turns: a bare loop that shakes hands and forgets, and the command, which keeps and shows each chain.
bench_probe() {
	title "1,000 TLS endpoints on the loopback, leaf and intermediate with P-256 keys"
	have openssl || { absent "probing" openssl; return; }
	new_home home.probe ec:p256 --no-password
	"$REMINT" --home home.probe issue --dns bench.example --key-type ec:p256 --out leaf.probe >issue.out 2>&1 ||
		{ cat issue.out; return; }
	"$shake" serve 1000 leaf.probe/fullchain.pem leaf.probe/key.pem endpoints &
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -e endpoints ] && [ "$(wc -l <endpoints)" = 1000 ] && break
		sleep 0.2
	done
	for _ in 1 2 3 4 5; do
		cost bare "$shake" connect endpoints
		cost probe "$REMINT" show --quiet --no-pem --list endpoints
	done
	kill "$server"
	wait "$server" 2>/dev/null || :
	server=
	row "bare OpenSSL loop, one after the other" "$(rate bare 1000), $(calc '%.0f/s' "1000 / $(median bare 2)") wall"
	row "remint show --list" "$(rate probe 1000), $(calc '%.0f/s' "1000 / $(median probe 2)") wall"
	row "ratio to the bare loop, CPU and wall (aim: 0.60)" "$(calc %.2f "$(median bare 1) / $(median probe 1)"), $(
		calc %.2f "$(median bare 2) / $(median probe 2)")"
	row "peak memory (aim: below 64 MiB)" "$(mib probe)"
	row "chains shown" "$(grep -c bench.example probe.out)"
}

# The columns of NAME.cost as within printed them: microseconds of our export, the bare one, our import, the bare one.
bench_pfx() {
	title "A PFX of an RSA-2048 key and three certificates at 2,048 iterations, in one process"
	rsa_home
	"$REMINT" --home home.pile issue --dns bench.example --key-type rsa:2048 --out leaf.pfx >issue.out 2>&1 || { cat issue.out; return; }
	for profile in modern compat legacy; do
		rm -f pfx.cost
		for _ in 1 2 3; do
			"$within" pfx 50 "$profile" leaf.pfx/fullchain.pem leaf.pfx/key.pem cas/root.pem >>pfx.cost || return
		done
		row "$profile: export and read-back; create and parse" "$(calc '%.2f ms' "$(median pfx 1) / 1000"); $(
			calc '%.2f ms' "$(median pfx 2) / 1000")"
		row "  ratio to bare OpenSSL (aim: at most 1.20)" "$(calc %.2f "$(median pfx 1) / $(median pfx 2)")"
		row "$profile: import; parse" "$(calc '%.2f ms' "$(median pfx 3) / 1000"); $(calc '%.2f ms' "$(median pfx 4) / 1000")"
		row "  ratio to bare OpenSSL (aim: at most 1.10)" "$(calc %.2f "$(median pfx 3) / $(median pfx 4)")"
	done
}

# beyond NAME: files for each CPU second of it that are not the bare loop's.
beyond() { calc '%.0f/s' "100000 / ($(median "$1" 1) - $(median read 1))"; }

bench_files() {
	title "A directory of 100,000 files: certificates, requests, CRLs and P7B, PEM and DER"
	certs
	requests
	"$spread" write 100000 files certs.pem requests.pem
	for _ in 1 2 3 4 5; do
		cost read "$spread" read files
		cost json "$REMINT" show --json files
		cost lean "$REMINT" show --json --no-pem files
		cost csv "$REMINT" show --csv files
	done
	row "list, open, read and close, nothing else" "$(rate read 100000)"
	row "remint show --json (aim beyond the reading: 30,000)" "$(rate json 100000), beyond it $(beyond json)"
	row "remint show --json --no-pem" "$(rate lean 100000), beyond it $(beyond lean)"
	row "remint show --csv" "$(rate csv 100000), beyond it $(beyond csv)"
	row "peak memory" "$(mib json)"
	row "objects shown (120,000 are there)" "$(($(wc -l <csv.out) - 1))"
	rm -rf files ./*.out
}

bench_p7b() {
	title "A P7B with 10,000 certificates into a PEM chain"
	certs
	"$spread" p7b certs.p7b certs.pem
	for _ in 1 2 3 4 5 6 7; do
		cost chain "$REMINT" convert --quiet --force certs.p7b --to pem -o chain.pem
		! have openssl || cost print openssl pkcs7 -inform DER -in certs.p7b -print_certs -out print.pem
	done
	row "remint convert --to pem (aim: below 100 ms)" "$(ms chain) of CPU, $(ms chain 2) wall, peak $(mib chain)"
	row "certificates written and read back" "$(grep -c BEGIN chain.pem)"
	if have openssl; then
		row "openssl pkcs7 -print_certs" "$(ms print) of CPU, peak $(mib print)"
		row "ratio to it" "$(calc %.1f "$(median print 1) / $(median chain 1)")"
	else
		absent "openssl pkcs7 -print_certs" openssl
	fi
}

bench_paths() {
	title "Candidate paths of 10,000 leaves out of a pile of 100,000 certificates, in one process"
	for _ in 1 2 3 4 5; do
		"$within" paths 100000 10000 >>paths.cost || return
		"$within" paths 50000 10000 >>half.cost || return
	done
	row "paths found, names and key identifiers alone" "$(median paths 1)"
	row "index of the pile and search (aim: below 1 s)" "$(calc '%.3f s' "$(median paths 2) + $(median paths 3)") of CPU"
	row "  the search, and that out of half the pile" "$(ms paths 3), $(ms half 3)"
}

# The same million of revoked serial numbers, in the database and in openssl's index.
bench_crl() {
	title "A revocation list with 1,000,000 entries, each with a reason"
	have sqlite3 || { absent "a revocation list" sqlite3; return; }
	new_home home.crl ec:p256 --no-password
	sqlite3 home.crl/ca.db "PRAGMA synchronous = OFF; INSERT INTO revocations (authority, serial, shard, certificate, at, reason,
		invalid_since, expires, event) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
		SELECT a.id, CAST(printf('%017d', i) AS BLOB), 0, NULL, 1700000000 + i, 1 + i % 5, 0, 0, 1 FROM n, authorities a
		WHERE a.name = 'issuing'; PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
	if have openssl; then
		openssl_ca
		awk 'BEGIN { for (i = 1; i <= 1000000; i++) {
			hex = ""; text = sprintf("%017d", i)
			for (k = 1; k <= 17; k++) hex = hex "3" substr(text, k, 1)
			printf "R\t301231000000Z\t261122000000Z,superseded\t%s\tunknown\t/CN=x\n", hex } }' >oca/index.txt
	fi
	for turn in 1 2 3; do
		cost list "$REMINT" --home home.crl crl issuing --out lists
		if have openssl && [ $turn = 1 ]; then cost gencrl openssl ca -gencrl -config oca/ca.cnf -crldays 7 -out peer.pem; fi
	done
	row "remint crl, DER and PEM, read back (aim: below 1 s)" "$(ms list) of CPU, $(ms list 2) wall, peak $(mib list)"
	row "bytes of the DER" "$(wc -c <lists/issuing.crl)"
	if have openssl; then
		row "openssl ca -gencrl, once" "$(ms gencrl) of CPU, $(ms gencrl 2) wall, peak $(mib gencrl)"
		row "ratio to it (aim: 10)" "$(calc %.1f "$(median gencrl 1) / $(median list 1)")"
		row "openssl takes the list" "$(openssl crl -inform DER -in lists/issuing.crl -noout -crlnumber 2>&1)"
	else
		absent "openssl ca -gencrl" openssl
	fi
	rm -rf home.crl lists peer.pem oca
}

bench_status() {
	title "The status of a database with 1,000,000 certificates, and the upkeep of one with 20,000"
	full_home
	for _ in 1 2 3; do
		cost status sh -c '"$1" --home home.full status --nagios --expired-days 36500 || :' sh "$REMINT"
		cost export "$REMINT" --home home.full db export --table certificates
	done
	row "remint status (aim: below 1 s)" "$(ms status) of CPU, $(ms status 2) wall, peak $(mib status)"
	row "remint db export of a million certificates" "$(rate export 1000000), peak $(mib export)"
	rm -rf export.out
	requests
	new_home home.check ec:p256 --no-password
	"$REMINT" --home home.check sign requests.pem --quiet >signed.out 2>&1 || { tail -n 3 signed.out; return; }
	for _ in 1 2 3; do
		rm -rf copy
		cost backup "$REMINT" --home home.check db backup --out copy
		cost quick "$REMINT" --home home.check db check --quick
		cost whole "$REMINT" --home home.check db check
		cost two "$REMINT" --home home.check db check --jobs 2
	done
	row "remint db backup, reopened and checked" "$(rate backup 20000), peak $(mib backup)"
	row "remint db check --quick" "$(rate quick 20000), peak $(mib quick)"
	row "remint db check, every P-256 signature" "$(rate whole 20000), $(calc '%.0f/s' "20000 / $(median whole 2)") wall"
	row "  with --jobs 2" "$(calc '%.0f/s' "20000 / $(median two 2)") wall, peak $(mib two)"
	rm -rf copy home.check
}

bench_ocsp() {
	title "OCSP responses in advance for every certificate of a database (aim: at least 0.40 of the bare signing rate)"
	new_home home.ocsp ec:p256 --no-password
	"$fill" home.ocsp 12500
	for key in rsa:2048 ec:p256; do
		# Once before, so that the signer is there and the rows are replaced in all of the runs.
		"$REMINT" --home home.ocsp ocsp --all --force --key-type $key --json >ocsp.json 2>ocsp.err || { sed -n 1,3p ocsp.err; return; }
		count=$(sed -n 's/.*"signed":\([0-9]*\).*/\1/p' ocsp.json)
		rm -f bare.cost ocsp.cost two.cost stapled.cost
		for _ in 1 2 3; do
			cost bare "$ceiling" bare $key "$count"
			cost ocsp "$REMINT" --home home.ocsp ocsp --all --force --key-type $key
			cost two "$REMINT" --home home.ocsp ocsp --all --force --key-type $key --jobs 2
		done
		cost stapled "$REMINT" --home home.ocsp ocsp --all --key-type $key --out stapled
		row "$key: bare signatures, $count of them" "$(rate bare "$count")"
		row "$key: remint ocsp --all" "$(rate ocsp "$count"), $(calc '%.0f/s' "$count / $(median ocsp 2)") wall, peak $(mib ocsp)"
		row "  of the bare rate" "$(calc %.2f "$(median bare 1) / $(median ocsp 1)") of CPU, $(calc %.2f "$(median bare 2) / $(median ocsp 2)") wall"
		row "  with --jobs 2" "$(calc '%.0f/s' "$count / $(median two 2)") wall, $(calc '%.2f times' "$(median ocsp 2) / $(median two 2)") one worker"
		row "  kept ones written as a file each" "$(calc '%.0f/s' "$count / $(median stapled 2)") wall"
		rm -rf stapled
	done
	rm -rf home.ocsp
}

# ---- all of it -------------------------------------------------------------------------------------------------------

parts=${*:-sign rsa piles single list probe pfx files p7b paths crl status ocsp}
for part in $parts; do
	case $part in
	sign | rsa | piles | single | list | probe | pfx | files | p7b | paths | crl | status | ocsp) ;;
	*) echo "bench: no part \"$part\": sign, rsa, piles, single, list, probe, pfx, files, p7b, paths, crl, status and ocsp are" >&2; exit 2 ;;
	esac
done
printf '%s on %s cores; load %s\n' "$("$REMINT" version 2>/dev/null | head -n 1)" "$(nproc)" "$(cut -d' ' -f1-3 /proc/loadavg)"
if have openssl; then openssl version; else echo "openssl is not installed: nothing is compared with it"; fi
for part in $parts; do
	"bench_$part"
done
