#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Remint in one minute: installs what is missing (Debian 12 or 13), builds into build/, and replaces a certificate that
# a Skype for Business Edge server refuses. Needs nothing done before; may be run again at any time. What it makes stays
# in build/quickstart/ to be looked at.

set -eu
cd "$(dirname "$0")/.."
root=$(pwd)

. examples/deps.sh
deps_ensure build || exit 1
[ -x configure ] && [ -e Makefile.in ] || { echo "Making configure"; autoreconf -fi >/dev/null 2>&1; }
mkdir -p build
if [ ! -e build/Makefile ]; then
	echo "Configuring build/"
	(cd build && ../configure -q) >build/quickstart.log 2>&1 || { tail -n 40 build/quickstart.log; exit 1; }
fi
echo "Building build/remint"
make -C build -j"$(nproc)" remint >build/quickstart.log 2>&1 || { tail -n 40 build/quickstart.log; exit 1; }

rm -rf build/quickstart
mkdir -p build/quickstart
cd build/quickstart
PATH=$root/build:$PATH
REMINT_HOME=$root/build/quickstart/home
export PATH REMINT_HOME

step=0
say() {
	step=$((step + 1))
	printf '\n%d. %s\n' "$step" "$1"
}
# run [STATUS] COMMAND...: shows the command, runs it, and stops the script when it ends otherwise than it should.
run() {
	want=0
	case $1 in [0-9]) want=$1; shift ;; esac
	printf '   $ %s\n' "$*"
	got=0
	"$@" || got=$?
	[ "$got" -eq "$want" ] || { echo "   exit status $got, where $want was expected"; exit 1; }
	[ "$want" -eq 0 ] || echo "   (exit status $got, as it should be)"
}

say "A server certificate as an internal CA issued it, made with plain openssl: a PFX, its issuer as .cer, the chain as .p7b"
run "$root/examples/refused.sh" "$PWD/old" edge.corp.example

say "In mutual TLS it is refused: the server demands a certificate that is fit for clients (error 26, alert 43)"
run 1 "$root/examples/handshake.sh" old/old.pem old/old.key old/issuer.pem old/root.pem

say "Why? The audit names every reason, with rule, place, source and fix"
run 1 remint audit old/old.pfx --for sfb-edge-internal --chain old/issuer.cer --chain old/chain.p7b \
	--password-file old/pfx.pass

say "A lab PKI: a root and an issuing CA under a passphrase, with a database"
(umask 077; openssl rand -base64 24 >ca.pass)
run remint init --publish-url http://pki.corp.example/ --ca-password-file ca.pass

say "The replacement: SHA-256, both key usages, the name where TLS looks for it, the same subject byte for byte"
run remint reissue old/old.pfx --for sfb-edge-internal --password-file old/pfx.pass --ca-password-file ca.pass \
	--out-password-file old/pfx.pass --out new

say "The same certificate as a Cisco ACE and as HAProxy want it"
run remint convert new/fullchain.pem --key new/key.pem --password-file old/pfx.pass --for cisco-ace --out ace
run remint convert new/fullchain.pem --key new/key.pem --password-file old/pfx.pass --for haproxy --out haproxy
ls ace haproxy | sed 's/^/   /'

say "The handshake again, with the new certificate: accepted"
run remint ca export --out trust
run "$root/examples/handshake.sh" haproxy/*.pem haproxy/*.pem new/chain.pem trust/root.pem

say "The database remembers what replaced what"
run remint history edge.corp.example

printf '\nAll of it is in build/quickstart/; the program is build/remint. Next: docs/guides/\n'
