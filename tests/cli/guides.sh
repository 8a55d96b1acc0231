# SPDX-License-Identifier: Apache-2.0
# Every command that the README and the guides show works as it is written there: each is run, in the order of the page,
# in a directory with the files that the page speaks of, on a terminal at which somebody types the passphrase whenever one
# is asked for. What ends otherwise than with 0, or cannot run as written, stands in the tables below.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/source.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl script
NO_COLOR=1
export NO_COLOR
mkdir "$TMP/bin"
ln -s "$REMINT" "$TMP/bin/remint"
PATH=$TMP/bin:$PATH
passphrase='correct horse' # as examples/refused.sh has it

# page | the beginning of the command | what it ends with, and why
statuses() {
	cat <<'TABLE'
README.md|remint audit old.pfx|1
replace-a-refused-certificate.md|remint audit old.pfx|1
look-at-live-servers.md|remint audit pool.corp.example|1
look-at-live-servers.md|remint verify|1
names-from-a-topology.md|remint audit|1
run-a-ca-for-years.md|remint status|1
run-a-ca-for-years.md|remint status --backup-days|0
run-a-campaign.md|remint plan|1
run-a-campaign.md|remint apply plan.json --close|1
run-a-campaign.md|remint apply plan.json --close --commit|0
TABLE
}
# page | what cannot be had here | what stands in its place
replacements() {
	cat <<TABLE
look-at-live-servers.md| --connect 192.0.2.11|
look-at-live-servers.md|pool.corp.example:443|pool.corp.example:${port:-443} --connect 127.0.0.1
look-at-live-servers.md|--list servers.txt|--list servers.txt --connect 127.0.0.1
lab-pki.md|/media/usb/root|../usb-root
lab-pki.md|remint init --offline-root|remint --home ../second init --offline-root
TABLE
}

# commands PAGE: what is indented; where output is shown too, only what follows a dollar sign.
commands() {
	if grep -q '^    \$ ' "$1"; then
		sed -n 's/^    \$ //p' "$1"
	else
		sed -n 's/^    //p' "$1"
	fi
}
# wanted PAGE COMMAND: its exit status.
wanted() {
	statuses | while IFS='|' read -r page command status; do
		[ "$page" = "$1" ] || continue
		case $2 in "$command"*) echo "$status" ;; esac
	done | tail -n 1 | grep . || echo 0
}
# as_run PAGE COMMAND: the command with what stands in for things that are not here.
as_run() {
	replacements >"$TMP/replacements"
	command=$2
	while IFS='|' read -r page there here; do
		[ "$page" = "$1" ] || continue
		command=$(printf '%s\n' "$command" | sed "s|$there|$here|")
	done <"$TMP/replacements"
	printf '%s\n' "$command"
}
# at_terminal COMMAND: run by a shell on a terminal; the passphrase is typed ahead, as often as anybody asks.
at_terminal() {
	printf '%s\n' "$1" >"$TMP/command"
	for answer in 1 2 3 4 5 6; do echo "$passphrase"; done |
		script -qfec "sh $TMP/command" /dev/null
}
# run_page PAGE DIR: every command of the page, from DIR.
run_page() {
	name=${1##*/}
	commands "$1" >"$TMP/commands"
	[ -s "$TMP/commands" ] || not_ok "$name has commands"
	mkdir -p "$TMP/$name"
	while IFS= read -r line <&4; do
		status=0
		want=$(wanted "$name" "$line")
		line=$(as_run "$name" "$line")
		(cd "$2" && HOME=$TMP/$name && export HOME && at_terminal "$line") >"$TMP/log" 2>&1 || status=$?
		if [ "$status" -eq "$want" ]; then
			ok "$name: $line"
		else
			not_ok "$name: $line (exit status $status, not $want)" "$TMP/log"
		fi
	done 4<"$TMP/commands"
}
# request_of NAME: NAME.csr, as a device makes it.
request_of() {
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/O=Lab/CN=${1##*/}.lab.example" 2>/dev/null
}

# ---- what the pages speak of --------------------------------------------------------------------
work=$TMP/work
mkdir -p "$work/lab/requests" "$TMP/replace-a-refused-certificate.md"
sh "$srcdir/examples/refused.sh" "$work/readme" >/dev/null
cp -R "$work/readme" "$work/replace"
(cd "$work/lab" && request_of gateway && request_of requests/a && request_of requests/b && rm -f requests/*.key)

run_page "$srcdir/README.md" "$work/readme"
run_page "$srcdir/docs/guides/lab-pki.md" "$work/lab"
# Its second step takes the home of the other guide.
(HOME=$TMP/replace-a-refused-certificate.md && export HOME && cd "$work/replace" &&
	at_terminal 'remint init --publish-url http://pki.corp.example/') >"$TMP/log" 2>&1 || not_ok "there is a home" "$TMP/log"
run_page "$srcdir/docs/guides/replace-a-refused-certificate.md" "$work/replace"
# A server that was given its leaf and forgot the issuer.
sh "$srcdir/examples/refused.sh" "$work/live" pool.corp.example >/dev/null
serve -cert "$work/live/old.pem" -key "$work/live/old.key"
echo "pool.corp.example:$port" >"$work/live/servers.txt"
run_page "$srcdir/docs/guides/look-at-live-servers.md" "$work/live"
mkdir -p "$TMP/names-from-a-topology.md" "$work/names/certificates"
cp "$work/readme/old.pfx" "$srcdir/examples/topology.cfg" "$work/names/"
cp "$work/readme/old.pfx" "$work/names/certificates/"
(HOME=$TMP/names-from-a-topology.md && export HOME && cd "$work/names" &&
	at_terminal 'remint init --publish-url http://pki.corp.example/') >"$TMP/log" 2>&1 || not_ok "there is another home" "$TMP/log"
run_page "$srcdir/docs/guides/names-from-a-topology.md" "$work/names"
mkdir -p "$TMP/run-a-campaign.md" "$work/campaign/site"
cp "$work/readme/old.pem" "$work/campaign/site/edge.pem"
cp "$work/readme/old.key" "$work/campaign/site/edge.key"
(HOME=$TMP/run-a-campaign.md && export HOME && cd "$work/campaign" &&
	at_terminal 'remint init --publish-url http://pki.corp.example/') >"$TMP/log" 2>&1 || not_ok "there is a home for the campaign" "$TMP/log"
run_page "$srcdir/docs/guides/run-a-campaign.md" "$work/campaign"
cp -R "$work/readme" "$work/convert"
(cd "$work/convert" && request_of device && cp issuer.cer received.cer && cp issuer.pem chain.pem && mkdir -p "$TMP/convert-formats.md")
run_page "$srcdir/docs/guides/convert-formats.md" "$work/convert"
mkdir -p "$TMP/requests-and-approval.md" "$work/requests"
(cd "$work/requests" && request_of host && request_of gateway && request_of vip)
(HOME=$TMP/requests-and-approval.md && export HOME && cd "$work/requests" &&
	at_terminal 'remint init') >"$TMP/log" 2>&1 || not_ok "there is a home for the requests" "$TMP/log"
run_page "$srcdir/docs/guides/requests-and-approval.md" "$work/requests"
mkdir -p "$TMP/run-a-ca-for-years.md" "$work/years"
(cd "$work/years" && mkdir public backups units && echo "$passphrase" >ca.pass)
(HOME=$TMP/run-a-ca-for-years.md && export HOME && cd "$work/years" && at_terminal 'remint init --publish-url http://pki.corp.example/' &&
	at_terminal 'remint issue --dns web.corp.example --out web' && at_terminal 'remint issue --dns mail.corp.example --out mail') >"$TMP/log" 2>&1 ||
	not_ok "there is a home for years" "$TMP/log"
run_page "$srcdir/docs/guides/run-a-ca-for-years.md" "$work/years"
mkdir -p "$TMP/revoke-and-publish.md" "$work/revoke"
(HOME=$TMP/revoke-and-publish.md && export HOME && cd "$work/revoke" && at_terminal 'remint init --publish-url http://pki.lab.example/') \
	>"$TMP/log" 2>&1 || not_ok "there is a home to revoke in" "$TMP/log"
run_page "$srcdir/docs/guides/revoke-and-publish.md" "$work/revoke"

for page in rotate-a-ca offline-root; do
	mkdir -p "$work/$page"
	run_page "$srcdir/docs/guides/$page.md" "$work/$page"
done
# A CA that was kept with openssl ca, its key under the same passphrase as everything else.
mkdir -p "$TMP/import-a-ca.md" "$work/import"
(
	cd "$work/import" && openssl_ca demoCA /CN=Demo && request_of web && request_of mail &&
		quietly openssl ca -batch -config demoCA.cnf -passin pass:secret -notext -infiles web.csr mail.csr &&
		quietly openssl ca -config demoCA.cnf -passin pass:secret -revoke demoCA/newcerts/1000.pem -crl_reason superseded &&
		quietly openssl pkey -in demoCA/private/cakey.pem -passin pass:secret -aes256 -passout "pass:$passphrase" -out cakey.pem &&
		mv cakey.pem demoCA/private/cakey.pem
)
run_page "$srcdir/docs/guides/import-a-ca.md" "$work/import"

# The tables speak of pages as they are.
{
	statuses
	replacements
} | while IFS='|' read -r page text rest; do
	find "$srcdir/README.md" "$srcdir/docs/guides" -name "$page" -exec grep -Fq -e "$text" {} \; -print | grep -q . ||
		echo "$page does not say: $text"
done >"$TMP/found"
expect_none "$TMP/found" "nothing in the tables has gone from the pages"
# What the README shows of its first command is what that says.
(cd "$work/readme" && "$REMINT" audit old.pfx --for sfb-edge-internal --password-file pfx.pass) >"$TMP/log" 2>&1
sed -n 's/^    \(1 certificate judged.*\)/\1/p' "$srcdir/README.md" >"$TMP/shown"
tail -n 1 "$TMP/log" >"$TMP/said"
expect_same "$TMP/shown" "$TMP/said" "the README shows the verdict that is given"
for program in $(sed -n 's/^    \([a-z]*\/[a-z]*\.sh\) .*/\1/p' "$srcdir/README.md"); do
	[ -x "$srcdir/$program" ] && ok "README.md: $program is there" || not_ok "README.md: $program is there"
done
tap_done
