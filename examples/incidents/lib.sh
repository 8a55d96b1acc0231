# SPDX-License-Identifier: Apache-2.0
# What the incidents share. Each run.sh begins with
#
#	. "$(dirname "$0")/../lib.sh"
#	incident "TITLE" "$@"
#
# tells step by step what it does, stops with status 1 as soon as something does not come out as told, and cleans up.
# An argument names a directory in which everything is left to be looked at. POSIX sh, openssl and the built program.

set -eu
incident_root=$(cd "$(dirname "$0")/../../.." && pwd)
: "${REMINT:=$incident_root/build/remint}" "${LC_ALL:=C}" "${TZ:=UTC}"
export LC_ALL TZ
unset REMINT_HOME
PATH=$PATH:/usr/sbin:/sbin
steps=0 servers='' port='' work='' keep=no

# incident TITLE [DIR]: begins.
incident() {
	printf '%s\n' "$1"
	[ -x "$REMINT" ] || {
		echo "There is no $REMINT: run examples/quickstart.sh first, or say REMINT=/path/to/remint" >&2
		exit 2
	}
	case $REMINT in /*) ;; *) REMINT=$PWD/$REMINT ;; esac
	if [ $# -gt 1 ]; then
		keep=yes
		mkdir -p "$2"
		work=$(cd "$2" && pwd)
	else
		work=$(mktemp -d)
	fi
	trap incident_end EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	cd "$work"
	umask 077
	REMINT_HOME=$work/home
	export REMINT_HOME
}
incident_end() {
	incident_status=$?
	set +e
	stop
	[ "$incident_status" -eq 0 ] || printf '\nThis did not come out as told (status %d).\n' "$incident_status"
	cd /
	if [ $keep = yes ]; then echo "Everything is in $work"; else rm -rf "$work"; fi
}

remint() {
	"$REMINT" "$@"
}

# say SENTENCE: the next step. note SENTENCE: a remark on it.
say() {
	steps=$((steps + 1))
	printf '\n%d. %s\n' "$steps" "$1"
}
note() {
	printf '   %s\n' "$1"
}
failed() {
	printf '   NOT AS TOLD: %s\n' "$1"
	exit 1
}

# run [STATUS] COMMAND...: shows a command and all that it says; it must end with STATUS. quietly: the same without
# what it says. The words are left in the file `said`.
run() {
	run_command "$@"
	sed 's/^/   /' said
	run_judged
}
quietly() {
	run_command "$@"
	[ "$got" -eq "$want" ] || sed 's/^/   /' said
	run_judged
}
run_command() {
	want=0 got=0
	case $1 in [0-9]) want=$1; shift ;; esac
	printf '   $'
	for run_word; do
		case $run_word in
		*[!A-Za-z0-9_./:,=@+-]*) printf " '%s'" "$run_word" ;;
		*) printf ' %s' "$run_word" ;;
		esac
	done
	echo
	"$@" >said 2>&1 </dev/null || got=$?
}
run_judged() {
	[ "$got" -eq "$want" ] || failed "exit status $got, where $want was expected"
	[ "$want" -eq 0 ] || printf '   (exit status %d, as it should be)\n' "$got"
}

# told REGEX [SENTENCE]: what was said last, its lines joined, has a match (grep -E). untold REGEX: no line has one.
told() {
	tr -s ' \n' ' ' <said | grep -Eq -e "$1" || failed "nothing says: $1"
	[ $# -lt 2 ] || printf '   => %s\n' "$2"
}
untold() {
	! grep -E -e "$1" said || failed "this should not be said: $1"
}

# ---- certificates, with plain openssl ----------------------------------------------------------------------------

ca_extensions='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash'
leaf_extensions='keyUsage=critical,digitalSignature,keyEncipherment
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
crlDistributionPoints=URI:http://pki.corp.example/corp.crl'

# key NAME...: NAME.key, RSA with 2048 bits.
key() {
	for key_name; do
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$key_name.key" 2>/dev/null
	done
}
# certify NAME KEY SUBJECT DIGEST DAYS ISSUER EXTENSIONS: NAME.pem for KEY.key. ISSUER names both ISSUER.pem and
# the key that stands in ISSUER.signer, and is "self" for a root. NAME.signer remembers KEY for later calls.
certify() {
	printf '[req]\ndistinguished_name=dn\n[dn]\n[ext]\n%s\n' "$7" >certify.cnf
	set -- "$1" "$2" "$3" "$4" "$5" "$6"
	if [ "$6" = self ]; then
		openssl req -x509 -new -key "$2.key" -subj "$3" "-$4" -days "$5" -config certify.cnf -extensions ext \
			-out "$1.pem" 2>certify.log || { cat certify.log; exit 1; }
	else
		# A certificate that is signed with SHA-1 is signed at security level 0 where the system's is higher.
		openssl req -x509 -new -key "$2.key" -subj "$3" "-$4" -days "$5" -config certify.cnf -extensions ext \
			-CA "$6.pem" -CAkey "$(cat "$6.signer").key" -out "$1.pem" 2>certify.log || { cat certify.log; exit 1; }
	fi
	echo "$2" >"$1.signer"
}

# bare_request NAME KEY VERSION ATTRIBUTE=VALUE...: NAME.der, a request as old devices make it: signed with SHA-1, no
# attributes, not even an empty set of them, and any version number (1 is 0 on the wire). openssl req always writes the
# set, so the request is spelled out for openssl asn1parse and signed with openssl dgst.
bare_request() {
	request_name=$1 request_key=$2
	printf 'asn1=SEQUENCE:info\n' >request.cnf
	printf '[info]\nversion=INTEGER:%d\nsubject=SEQUENCE:subject\nkey=SEQUENCE:spki\n' "$3" >info.cnf
	shift 3
	{
		echo '[subject]'
		request_count=0
		for request_pair; do
			request_count=$((request_count + 1))
			echo "set$request_count=SET:set$request_count"
		done
		request_count=0
		for request_pair; do
			request_count=$((request_count + 1))
			request_string=PRINTABLESTRING
			case $request_pair in *@*) request_string=UTF8String ;; esac
			printf '[set%d]\none=SEQUENCE:rdn%d\n[rdn%d]\ntype=OID:%s\nvalue=%s:%s\n' $request_count $request_count \
				$request_count "${request_pair%%=*}" $request_string "${request_pair#*=}"
		done
		printf '[spki]\nalgorithm=SEQUENCE:rsa\nkey=BITWRAP,SEQUENCE:numbers\n[rsa]\noid=OID:rsaEncryption\nnone=NULL\n'
		printf '[numbers]\nn=INTEGER:0x%s\ne=INTEGER:65537\n' "$(openssl rsa -in "$request_key.key" -noout -modulus | sed 's/.*=//')"
		printf '[sha1]\noid=OID:sha1WithRSAEncryption\nnone=NULL\n'
	} >>info.cnf
	cat info.cnf >>request.cnf
	openssl asn1parse -genconf request.cnf -noout -out info.der
	openssl dgst -sha1 -sign "$request_key.key" -out info.signature info.der
	{
		printf 'asn1=SEQUENCE:request\n[request]\ninfo=SEQUENCE:info\nalgorithm=SEQUENCE:sha1\nsignature=FORMAT:HEX,BITSTRING:'
		od -An -v -tx1 info.signature | tr -d ' \n'
		echo
		cat info.cnf
	} >request.cnf
	openssl asn1parse -genconf request.cnf -noout -out "$request_name.der"
}

# windows_pfx CERT KEY CHAIN PFX: a PFX in the ciphers that Windows has always exported; its passphrase is in pfx.pass.
windows_pfx() {
	[ -e pfx.pass ] || echo 'correct horse' >pfx.pass
	openssl pkcs12 -export -in "$1" -inkey "$2" -certfile "$3" -name "${4%.pfx}" -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES \
		-macalg sha1 -passout file:pfx.pass -out "$4"
}

# import_pfx PFX: what a Windows has after the import: imported.pem, imported.key and imported-chain.pem.
import_pfx() {
	openssl pkcs12 -in "$1" -passin file:pfx.pass -nodes -clcerts -nokeys -out imported.pem
	openssl pkcs12 -in "$1" -passin file:pfx.pass -nodes -nocerts -out imported.key
	openssl pkcs12 -in "$1" -passin file:pfx.pass -nodes -cacerts -nokeys -out imported-chain.pem
}

# ---- campaigns --------------------------------------------------------------------------------------------------------

# edit_plan KEY VALUE: what a person does with plan.json before signing it off, here with sed. For plans of one item.
edit_plan() {
	sed -i "s|^\( *\"$1\":\) .*,\$|\1 $2,|" plan.json
	grep -q "^ *\"$1\": $2,\$" plan.json || failed "plan.json has no line for $1"
	printf '   edited by hand: %s\n' "$(sed -n "s/^ *\(\"$1\": .*\),\$/\1/p" plan.json)"
}
# runbook FILE: its headings; trust comes first, the way back last.
runbook() {
	grep '^[0-9]*\. ' "$1" | sed 's/^/   /'
	[ "$(grep '^[0-9]*\. ' "$1" | sed -n '1p')" = '1. Make the new chain trusted where it is not yet' ] || failed "the runbook does not begin with trust"
	grep '^[0-9]*\. ' "$1" | tail -n 1 | grep -q 'How to go back' || failed "the runbook does not end with the way back"
}

# ---- handshakes ----------------------------------------------------------------------------------------------------

# serve OPTION...: an openssl server on a free port of loopback, which goes into $port. Its words: the file `server`.
# serve_again: the same on the port of the server before, as after a change on a device. peer OPTION...: a remint peer.
serve() {
	serve_at 0 "$@"
}
serve_again() {
	serve_at "$port" "$@"
}
serve_at() {
	stop
	: >server
	serve_port=$1
	shift
	openssl s_server -accept "127.0.0.1:$serve_port" -www "$@" >server 2>&1 </dev/null &
	servers=$!
	if [ "$serve_port" = 0 ]; then
		await_server 's/^ACCEPT .*:\([0-9]*\)$/\1/p'
	else
		await_server "s/^ACCEPT\$/$serve_port/p"
	fi
}
peer() {
	stop
	: >server
	"$REMINT" peer "$@" >server 2>&1 </dev/null &
	servers=$!
	await_server 's/^listening on .*:\([0-9]*\) .*/\1/p'
}
# await_server SED: until it says its port.
await_server() {
	port='' await_tries=0
	while [ -z "$port" ] && [ $await_tries -lt 100 ]; do
		port=$(sed -n "$1" server | head -n 1)
		await_tries=$((await_tries + 1))
		[ -n "$port" ] || sleep 0.1
	done
	[ -n "$port" ] || { cat server; failed "the server does not listen"; }
}
stop() {
	for stop_pid in $servers; do
		kill "$stop_pid" 2>/dev/null || true
		wait "$stop_pid" 2>/dev/null || true
	done
	servers=''
}

# meet CLIENT accepts|refuses OPTION...: an openssl client against the server of the last `serve`. Says what both sides
# heard, and stops when it went otherwise. The words of both are left in `said`.
meet() {
	meet_who=$1 meet_wanted=$2 meet_got=accepts
	shift 2
	meet_before=$(wc -l <server)
	echo Q | timeout 20 openssl s_client -connect "127.0.0.1:$port" "$@" >client 2>&1 || meet_got=refuses
	grep -q 'Verify return code: 0 (ok)' client || meet_got=refuses
	! grep -Eq 'SSL alert number|no peer certificate available' client || meet_got=refuses
	# What the server noticed comes a moment later.
	[ $meet_got = accepts ] || sleep 0.2
	tail -n "+$((meet_before + 1))" server >heard
	cat client heard >said
	printf '   %-46s %s\n' "$meet_who" "$meet_got"
	[ $meet_got = accepts ] || handshake_reasons
	[ $meet_got = $meet_wanted ] || { cat client server; failed "$meet_who $meet_got"; }
}
# The lines of both sides that say why.
handshake_reasons() {
	{
		sed -n 's/^verify error:\(num=[0-9]*:.*\)$/client: error \1/p; s/^.*:SSL alert number \([0-9]*\).*/client: hears alert \1/p' client
		sed -n 's/^.*error:[0-9A-F]*:SSL routines:[^:]*:\([a-z][^:]*\):.*/client: \1/p' client
		sed -n 's/^refused  *[^ ]* \(.*\)/server: \1/p' heard
		sed -n 's/^verify error:\(num=[0-9]*:.*\)$/server: error \1/p; s/^.*:SSL alert number \([0-9]*\).*/server: hears alert \1/p' heard
		sed -n 's/^.*error:[0-9A-F]*:SSL routines:[^:]*:\([a-z][^:]*\):.*/server: \1/p' heard
	} | sed 's/error num=/error /' | sort -u | sed 's/^/       /'
}

# also TOOL...: what a script uses besides, where it is installed.
also() {
	also_there='' also_absent=''
	for also_tool; do
		if command -v "$also_tool" >/dev/null 2>&1; then also_there="$also_there $also_tool"; else also_absent="$also_absent $also_tool"; fi
	done
	printf 'Uses %s, %s%s%s\n' "$("$REMINT" --version | head -n 1)" "$(openssl version | cut -d ' ' -f 1-2)" \
		"$(printf %s "$also_there" | sed 's/ /, /g')" "$(printf %s "$also_absent" | sed 's/^ / (and does without /; s/$/)/')"
}
# have TOOL: is it there? Says so when not, once a step.
have() {
	command -v "$1" >/dev/null 2>&1 || {
		note "($1 is not installed: this step does without)"
		return 1
	}
}
