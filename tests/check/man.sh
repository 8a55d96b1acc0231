# SPDX-License-Identifier: Apache-2.0
# The manual pages tell the truth: the options of each page are those of the table, both ways; mandoc
# has nothing to say; and every example, of the pages and of --help, runs in a scratch directory.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/source.sh"
. "$srcdir/tests/lib/pki.sh"

# options_helped COMMAND: the options that --help knows, without those of every command.
options_helped() {
	"$REMINT" $1 --help | awk '/^OPTIONS$/ { on = 1; next } /^[A-Z]/ { on = 0 } on' |
		sed -n 's/^  \(-.,\|   \) \(--[a-z-]*\).*/\2/p'
}
# options_shared: those of every command.
options_shared() {
	"$REMINT" version --help | awk '/^OPTIONS OF EVERY/ { on = 1; next } /^[A-Z]/ { on = 0 } on' |
		sed -n 's/^  \(-.,\|   \) \(--[a-z-]*\).*/\2/p'
}
# options_described PAGE [SUBSECTION]: the options that the page has an entry for.
options_described() {
	awk -v wanted="${2:-}" '
	/^\.S[hs] / { title = $0; sub(/^\.S[hs] /, "", title); on = wanted == "" || title == wanted }
	on && /^\.It .*Fl -/ && !/^\.It Fl -[a-z-]* , Fl -/ { sub(/.*Fl -/, "--"); print $1 }' "$1"
}
verbs() {
	"$REMINT" help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -v '^remint$'
}
members() {
	"$REMINT" help "$1" | sed -n "s/^  \\($1 [a-z]*\\) .*/\\1/p"
}
# compare NAME COMMAND PAGE [SUBSECTION]: says where the table and the page differ.
compare() {
	options_helped "$2" | sort >"$TMP/table"
	options_described "$3" "${4:-}" | sort >"$TMP/page"
	comm -23 "$TMP/table" "$TMP/page" | sed "s|^|$1: not in the page: |"
	comm -13 "$TMP/table" "$TMP/page" | sed "s|^|$1: not in the table: |"
}

for verb in $(verbs); do
	page=$srcdir/docs/man/remint-$verb.1
	if [ ! -e "$page" ]; then
		echo "remint $verb has no manual page"
	elif [ -n "$(members "$verb")" ]; then
		members "$verb" | while read -r group member; do
			compare "remint $group $member" "$group $member" "$page" "remint $group $member"
		done
	else
		compare "remint $verb" "$verb" "$page"
	fi
done >"$TMP/found"
expect_none "$TMP/found" "every page describes the options of its command, and no others"

{
	options_shared
	echo --version
} | sort >"$TMP/wanted"
options_described "$srcdir/docs/man/remint.1" | sort >"$TMP/got"
expect_same "$TMP/wanted" "$TMP/got" "remint(1) describes the options of every command"

for page in "$srcdir"/docs/man/*.1; do
	for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
		grep -qx "\.Sh $section" "$page" || echo "${page##*/}: no section $section"
	done
	case $page in */remint.1) continue ;; esac
	verb=${page##*/remint-}
	"$REMINT" help "${verb%.1}" >/dev/null 2>&1 || echo "${page##*/}: there is no such command"
done >"$TMP/found"
expect_none "$TMP/found" "every page has its sections and its command"

for page in "$srcdir"/docs/man/*; do
	sed -n 's/^\.Xr \([^ ]*\) \([1-9]\).*/\1.\2/p' "$page" | while read -r other; do
		[ -e "$srcdir/docs/man/$other" ] || echo "${page##*/}: refers to $other"
	done
done >"$TMP/found"
expect_none "$TMP/found" "every reference has its page"

if command -v mandoc >/dev/null 2>&1; then
	# A sibling that is not installed yet is no fault; the check above knows better.
	(cd "$srcdir/docs/man" && mandoc -Tlint ./*.[1-9]) | grep -v 'referenced manual not found' >"$TMP/found"
	expect_none "$TMP/found" "mandoc finds nothing to say"
else
	skip "mandoc is not installed" "mandoc finds nothing to say"
fi

# Which exit statuses the help of a command names, the page names too.
for verb in $(verbs); do
	[ -z "$(members "$verb")" ] || continue
	"$REMINT" "$verb" --help | awk '/^EXIT STATUS/ { on = 1; next } /^[A-Z]/ { on = 0 } on' |
		sed -n 's/^  \([0-9]\{1,2\}\) .*/\1/p' >"$TMP/table"
	awk '/^\.Sh/ { on = /EXIT STATUS/ } on && /^\.It/ { print $2 }' "$srcdir/docs/man/remint-$verb.1" >"$TMP/page"
	cmp -s "$TMP/table" "$TMP/page" || echo "remint-$verb.1: not the exit statuses of the help"
done >"$TMP/found"
expect_none "$TMP/found" "every page names the exit statuses of its command"

# ---- examples -----------------------------------------------------------------------------------
command -v openssl >/dev/null 2>&1 || {
	skip "openssl is not installed" "the examples run"
	tap_done
}

# What the examples work on: an old certificate without clientAuth, from a CA that is not ours.
prepare() {
	{
		openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -subj '/O=Contoso/CN=Old Root' -days 3650 \
			-addext keyUsage=critical,keyCertSign,cRLSign
		openssl req -newkey rsa:2048 -nodes -keyout old.key -out old.csr -subj '/C=NL/O=Contoso/CN=web.example.com'
		printf 'extendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:web.example.com\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' >old.ext
		openssl x509 -req -in old.csr -CA root.pem -CAkey root.key -set_serial 4711 -days 200 -out old.pem -extfile old.ext
		openssl pkcs12 -export -in old.pem -inkey old.key -certfile root.pem -out old.pfx -passout pass:secret
		openssl req -newkey rsa:2048 -nodes -keyout host.key -out host.csr -subj '/O=Example/CN=host.example.com'
		for name in gate gone; do
			openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj "/CN=$name.example.com"
		done
		openssl req -x509 -newkey rsa:2048 -nodes -keyout found.key -out found.pem -subj '/CN=found.example.com'
		openssl crl2pkcs7 -nocrl -certfile root.pem -out chain.p7b
	} >prepare.log 2>&1
	cp root.pem chain.pem
	cp "$srcdir/examples/topology.cfg" .
	cat old.pem root.pem >pile.pem
	printf '"Serial Number","Certificate Expiration Date"\n"6100000012","22.11.2030 05:53"\n' >issued.csv
	mkdir requests public units
	openssl_ca demoCA /CN=Demo
	echo secret >demoCA.pass
	openssl ca -batch -config demoCA.cnf -passin pass:secret -in gate.csr -notext >>prepare.log 2>&1
	cp host.csr requests/
	cp old.csr requests/
	echo secret >old.pass
	echo other >pfx.pass
	echo third >ca.pass
	printf 'title = "Mine";\nextends = "server-client";\n' >my-template.cfg
	printf 'title = "Mine";\nextends = "dotnet-mtls";\n' >my-target.cfg
	"$REMINT" init --no-password --root-key ec:p256 --issuing-key ec:p256 >>prepare.log 2>&1 &&
		"$REMINT" issue --dns web.example.com --out new >>prepare.log 2>&1 &&
		openssl ocsp -issuer new/chain.pem -cert new/cert.pem -reqout request.der >>prepare.log 2>&1 || return
	"$REMINT" sign gate.csr gone.csr --hold >>prepare.log 2>&1 || return
	sed 's,DNS:web,DNS:answered,' old.ext >answered.ext
	"$REMINT" request --cn answered.example.com --dns answered.example.com --out asked >>prepare.log 2>&1 &&
		openssl x509 -req -in asked/request.pem -CA root.pem -CAkey root.key -set_serial 4712 -days 200 -out new.cer \
			-extfile answered.ext >>prepare.log 2>&1 || return
	"$REMINT" db backup --out sunday-backup >>prepare.log 2>&1 && "$REMINT" db checkpoint >head.txt || return
	"$REMINT" plan old.pem --for dotnet-mtls -o campaign.json >>prepare.log 2>&1
	[ -s campaign.json ]
}

# examples_of_page, examples_of_help: one command a line.
examples_of_page() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\$ //p' "$1" | sed 's/\\e/\\/g'
}
examples_of_help() {
	"$REMINT" $1 --help | sed -n '/^EXAMPLES/,$s/^    //p'
}
# The server of the examples: on a free port of loopback, where https is for the readers.
serve() {
	openssl s_server -accept 127.0.0.1:0 -cert old.pem -key old.key -www >server.log 2>&1 </dev/null &
	server=$!
	tries=0
	until port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' server.log) && [ -n "$port" ] || [ $tries -ge 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	echo "web.example.com:$port # the same server" >servers.txt
}
# wanted_status COMMAND: audits of the old certificate find something.
wanted_status() {
	case $1 in
	*'audit old.pem --chain'*) echo 0 ;;
	*'audit old'*windows-pfx*) echo 0 ;;
	*'audit old'*) echo 1 ;;
	*verify*dotnet-mtls*) echo 1 ;;
	*'plan old.pem new --for dotnet-mtls -o plan.json') echo 1 ;;
	*) echo 0 ;;
	esac
}
# run_examples LIST: each in turn, in a copy of what was prepared.
run_examples() {
	rm -rf "$TMP/scratch"
	cp -Rp "$TMP/prepared" "$TMP/scratch"
	while read -r line; do
		examples_run=$((examples_run + 1))
		status=0
		real=$(printf '%s\n' "$line" | sed "s/web\.example\.com:443\|--list servers\.txt/& --connect 127.0.0.1/; s/:443 /:$port /")
		(cd "$TMP/scratch" && HOME=$TMP/scratch && export HOME && sh -c "$real") >"$TMP/ran" 2>&1 </dev/null || status=$?
		[ "$status" -eq "$(wanted_status "$line")" ] && continue
		echo "$1: \"$line\" exits with $status"
		sed 's/^/  /' "$TMP/ran"
	done <"$TMP/examples"
}

mkdir "$TMP/prepared" "$TMP/bin"
ln -s "$REMINT" "$TMP/bin/remint"
PATH=$TMP/bin:$PATH
(cd "$TMP/prepared" && HOME=$TMP/prepared && export HOME && prepare) ||
	not_ok "the inputs of the examples are prepared" "$TMP/prepared/prepare.log"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; tap_exit' EXIT
cd "$TMP/prepared" && serve
cd "$srcdir" || exit 99
examples_run=0
for page in "$srcdir"/docs/man/*.1; do
	examples_of_page "$page" >"$TMP/examples"
	[ -s "$TMP/examples" ] || echo "${page##*/} has no example"
	run_examples "${page##*/}"
done >"$TMP/found"
expect_none "$TMP/found" "the examples of every page run"

for verb in $(verbs); do
	if [ -n "$(members "$verb")" ]; then
		members "$verb"
	else
		echo "$verb"
	fi
done >"$TMP/commands"
# In the order of the table, in one directory: what one makes the next takes.
while read -r command; do
	examples_of_help "$command"
done <"$TMP/commands" >"$TMP/examples"
run_examples "--help" >"$TMP/found"
expect_none "$TMP/found" "the examples of every --help run"
tap_done
