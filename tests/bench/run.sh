#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What Remint costs, beside a ceiling and a peer measured in the same run. Read the ratios, not the seconds.
#
#	make bench              everything (some minutes)
#	make bench BENCH=sign   one part: sign, rsa, piles, single, list
#
# Each figure is the best of three runs where a run is short. Nothing here passes or fails.

set -eu
: "${srcdir:=.}" "${builddir:=.}"
: "${REMINT:=$builddir/remint}"
ceiling=$builddir/tests/bench/ceiling fill=$builddir/tests/bench/fill measure=$builddir/tests/bench/measure
work=$(mktemp -d "${TMPDIR:-/var/tmp}/remint-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"
parts=${*:-sign rsa piles single list}
REMINT_HOME=$work/home
export REMINT_HOME

# cost FILE COMMAND...: run it, its output thrown away; "cpu wall kib" of the run with the least CPU goes to FILE.
cost() {
	cost_file=$1
	shift
	rm -f "$cost_file.all"
	for cost_run in ${RUNS:-1}; do
		"$measure" "$cost_file.all" "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || {
			cost_status=$?
			[ "$cost_status" -eq "${WANT:-0}" ] || { echo "failed ($cost_status): $*"; head -n 5 "$work/stderr"; exit 1; }
		}
	done
	sort -g "$cost_file.all" | head -n 1 >"$cost_file"
}
cpu() { cut -d' ' -f1 "$1"; }
wall() { cut -d' ' -f2 "$1"; }
kib() { cut -d' ' -f3 "$1"; }
calc() { awk "BEGIN { printf \"$1\", $2 }"; }
title() { printf '\n== %s\n' "$1"; }

new_home() {
	rm -rf "$1"
	"$REMINT" init --home "$1" --no-password --root-key ec:p256 --issuing-key "$2" >/dev/null 2>&1
}

# A CA for openssl ca, with the same kind of key.
openssl_ca() {
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

requests() {
	[ -e requests.pem ] || "$ceiling" requests 20000 requests.pem
}

bench_sign() {
	title "Signing 20,000 P-256 requests into the database (P-256 CA)"
	requests
	new_home home ec:p256
	"$ceiling" sign requests.pem ec:p256 >c1
	"$ceiling" sign requests.pem ec:p256 >c2
	rate_ceiling=$(sort -g -k2 c1 c2 | awk 'NR == 1 { printf "%.0f", $1 / $2 }')
	cost one "$REMINT" sign requests.pem
	new_home home2 ec:p256
	cost two "$REMINT" --home home2 sign --jobs 2 requests.pem
	mkdir -p split
	head -n "$((2000 * $(awk '/END/ { print NR; exit }' requests.pem)))" requests.pem >some.pem
	"$ceiling" split some.pem split
	openssl_ca
	cost oca.cost openssl ca -batch -notext -config oca/ca.cnf -infiles split/*.pem
	rate=$(calc %.0f "20000 / $(cpu one)")
	rate_openssl=$(calc %.0f "$(find split -name '*.pem' | wc -l) / $(cpu oca.cost)")
	echo "ceiling (walk, verify, build, sign; no database)  $rate_ceiling/s of CPU"
	echo "remint sign, --jobs 1                             $rate/s of CPU, $(calc %.0f "20000 / $(wall one)")/s of wall, peak $(kib one) KiB"
	echo "remint sign, --jobs 2                             $(calc %.0f "20000 / $(wall two)")/s of wall, peak $(kib two) KiB"
	echo "openssl ca -batch, 2,000 of them                  $rate_openssl/s of CPU"
	echo "fdatasync on this disk                            $("$ceiling" sync .)/s"
	echo "ratio to the ceiling                              $(calc %.2f "$rate / $rate_ceiling")   (aim: 0.50)"
	echo "ratio to openssl ca                               $(calc %.1f "$rate / $rate_openssl")   (aim: 5)"
	echo "two jobs to one, wall                             $(calc %.2f "$(wall one) / $(wall two)")   (aim: 1.3)"
	rm -rf home2 split oca
}

bench_rsa() {
	title "Signing under an RSA-2048 issuing key"
	requests
	new_home home ec:p256
	new_home home.rsa rsa:2048
	head -n "$((5000 * $(awk '/END/ { print NR; exit }' requests.pem)))" requests.pem >some.pem
	"$ceiling" sign some.pem rsa:2048 >c1
	rate_ceiling=$(awk '{ printf "%.0f", $1 / $2 }' c1)
	cost one "$REMINT" --home home.rsa sign some.pem
	rate=$(calc %.0f "5000 / $(cpu one)")
	echo "ceiling with the same kind of key                 $rate_ceiling/s of CPU"
	echo "remint sign                                       $rate/s of CPU"
	echo "ratio to the ceiling                              $(calc %.2f "$rate / $rate_ceiling")   (aim: 0.70)"
	rm -rf home.rsa
}

# An RSA-2048 hierarchy, as most estates have: verification is cheap, which is the fair case for the peers too.
pile() {
	[ -e pile.pem ] && return
	openssl req -x509 -newkey rsa:2048 -nodes -keyout r.key -out r.pem -days 3650 -subj '/CN=Bench Root' \
		-addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
	openssl req -new -newkey rsa:2048 -nodes -keyout i.key -out i.csr -subj '/CN=Bench Issuing' 2>/dev/null
	printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' >i.ext
	openssl x509 -req -in i.csr -CA r.pem -CAkey r.key -CAcreateserial -days 1825 -extfile i.ext -out i.pem 2>/dev/null
	"$ceiling" certs 100000 pile.pem i.pem i.key
}

bench_piles() {
	title "A PEM pile of 100,000 certificates"
	pile
	cost show "$REMINT" show --json pile.pem
	WANT=1 cost leaf "$REMINT" audit --for dotnet-mtls pile.pem
	WANT=1 cost path "$REMINT" audit --for dotnet-mtls --trust r.pem --chain i.pem pile.pem
	verified=$(grep -h -o -E '[0-9,]+ (signatures )?verifi[a-z]+' stdout stderr | head -n 1 || true)
	cost store openssl storeutl -noout -certs pile.pem
	cost tool certtool --certificate-info --infile pile.pem
	for row in "show:remint show --json" "leaf:remint audit, leaf rules" "path:remint audit, every path verified" \
		"store:openssl storeutl" "tool:certtool --certificate-info"; do
		printf '%-49s %s/s of CPU, peak %s KiB\n' "${row#*:}" "$(calc %.0f "100000 / $(cpu "${row%%:*}")")" "$(kib "${row%%:*}")"
	done
	echo "signatures verified in the full audit             ${verified:-not printed}"
	echo "show to storeutl                                  $(calc %.1f "$(cpu store) / $(cpu show)")   (aim: 6, 60,000/s)"
	echo "leaf audit to storeutl                            $(calc %.1f "$(cpu store) / $(cpu leaf)")   (aim: 5, 50,000/s)"
	echo "full audit                                        (aim: 4,000/s)"
}

bench_single() {
	title "One remint sign of one request, the whole process"
	requests
	new_home home ec:p256
	awk '{ print } /END/ { exit }' requests.pem >one.pem
	RUNS="1 2 3 4 5 6 7 8 9 10" cost empty "$REMINT" sign one.pem
	printf 'bench passphrase\n' >pass && chmod 600 pass
	"$REMINT" init --home locked --ca-password-file pass --root-key ec:p256 --issuing-key ec:p256 >/dev/null 2>&1
	RUNS="1 2 3 4 5" cost pass.cost "$REMINT" --home locked sign --ca-password-file pass one.pem
	"$fill" home 1000000
	RUNS="1 2 3 4 5 6 7 8 9 10" cost full "$REMINT" sign one.pem
	openssl_ca
	RUNS="1 2 3 4 5" cost oca.cost openssl ca -batch -notext -config oca/ca.cnf -in one.pem
	echo "remint sign, empty database                       $(calc %.1f "1000 * $(cpu empty)") ms of CPU   (aim: below 10)"
	echo "remint sign, 1,000,000 certificates               $(calc %.1f "1000 * $(cpu full)") ms of CPU   (aim: below 10)"
	echo "the CA key's passphrase adds                      $(calc %.1f "1000 * ($(cpu pass.cost) - $(cpu empty))") ms of CPU"
	echo "openssl ca, empty index                           $(calc %.1f "1000 * $(cpu oca.cost)") ms of CPU"
	rm -rf oca locked
}

bench_list() {
	title "Asking a database with 1,000,000 certificates for its first page"
	if [ ! -e home/ca.db ] || [ "$(wc -c <home/ca.db)" -lt 100000000 ]; then
		new_home home ec:p256
		"$fill" home 1000000
	fi
	for row in "newest:" "exact name:--name host0500000.bench.example" "prefix:--name host05*" "target:--target nginx" \
		"template:--template server-client" "expiring:--expires-before 2027-01-01" "status valid:--status valid" \
		"status superseded:--status superseded" "status expired:--status expired" "status revoked:--status revoked"; do
		set -f
		RUNS="1 2 3 4 5" cost page "$REMINT" list ${row#*:}
		set +f
		printf '%-49s %s ms of CPU, %s ms of wall   (aim: below 50)\n' "list, ${row%%:*}" \
			"$(calc %.1f "1000 * $(cpu page)")" "$(calc %.1f "1000 * $(wall page)")"
	done
}

echo "Remint $("$REMINT" version 2>/dev/null | head -n 1), $(openssl version), $(nproc) cores"
for part in $parts; do
	"bench_$part"
done
