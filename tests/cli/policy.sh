#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Templates as files of the user's own: shown, checked and used, as docs/guides/write-a-template.md does.

. "${srcdir:-.}/tests/lib/tap.sh"
cd "$TMP" || exit 99
REMINT_HOME=$TMP/home
export REMINT_HOME
remint() { "$REMINT" "$@"; }

# --- what is shown is a file
for name in web-server issuing-ca ocsp-signer user-device; do
	remint template show $name >shown.cfg
	check "the template $name as it is shown is a good file" remint template check ./shown.cfg
	remint template show ./shown.cfg | grep -v '^#' >again
	grep -v '^#' shown.cfg >once
	check "the template $name as it is shown loads to the same" cmp once again
done

# --- a CA for one domain only, as the guide makes it
guide=$srcdir/docs/guides/write-a-template.md
check "a home with a root" remint init --no-password --root-key ec:p256 --issuing-key ec:p256 --publish-url http://pki.example/
mkdir -p home/templates/certificates
sed -n '/^# certificates\/branch-ca.cfg/,/^```/p' "$guide" | sed '$d' >home/templates/certificates/branch-ca.cfg
check "the guide's template is good" remint template check branch-ca
check "a home for the branch" remint init --home branch --no-root --no-password
remint ca request --home branch --name branch --subject 'CN=Branch CA, O=Example' >branch.csr
expect_status 2 "a template for leaves certifies no CA" remint ca sign branch.csr --template web-server
expect_err "the template web-server makes no issuing CA" "and the template is named"
expect_status 2 "an unknown template is refused" remint ca sign branch.csr --template branch-c
expect_err 'did you mean "branch-ca"' "and the near one named"
remint ca sign branch.csr --template branch-ca >branch.pem
check "the branch is certified by the template" test -s branch.pem
check "the branch installs its certificate" remint ca install --home branch branch.pem
check "a name of the branch is issued" remint issue --home branch --ca branch --dns www.branch.example.com --out inside
expect_status 4 "a name outside is refused" remint issue --home branch --ca branch --dns www.example.net --out outside
expect_err 'www\.example\.net' "and the name is in the message"
expect_status 4 "an address is refused" remint issue --home branch --ca branch --dns a.branch.example.com --ip 192.0.2.1 --out address
check "nothing was written for what was refused" test ! -e outside -a ! -e address

tap_done
