# SPDX-License-Identifier: Apache-2.0
# Live endpoints among the inputs of show, audit and explain: real servers on loopback, whose chains are judged as they
# send them; and those that do not answer, answer late or speak something else.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
. "$srcdir/tests/lib/server.sh"
need openssl python3

cd "$TMP" || exit 99
peer=$srcdir/tests/lib/peer.py

# ---- a root, two CAs below it, a leaf, and a CA that has nothing to do with it --------------------------------------------
old_ca
authority() { # NAME SUBJECT CA CA_KEY
	quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2"
	quietly openssl x509 -req -in "$1.csr" -CA "$3" -CAkey "$4" -set_serial "0x0a$(printf '%s' "$1" | cksum | cut -c 1-4)" \
		-days 900 -out "$1.pem" -extfile ca.ext
}
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' >ca.ext
authority upper '/O=Contoso/CN=Upper CA' root.pem root.key
authority lower '/O=Contoso/CN=Lower CA' upper.pem upper.key
authority stray '/O=Fabrikam/CN=Stray CA' root.pem root.key
leaf() { # NAME HOST [EXTENSION...]
	leaf_name=$1 leaf_host=$2
	shift 2
	quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$leaf_name.key" -out "$leaf_name.csr" \
		-subj "/O=Contoso/CN=$leaf_host"
	{
		printf 'basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'
		printf 'keyUsage=critical,digitalSignature\nsubjectAltName=DNS:%s\n' "$leaf_host"
		for leaf_line; do printf '%s\n' "$leaf_line"; done
	} >"$leaf_name.ext"
	quietly openssl x509 -req -in "$leaf_name.csr" -CA lower.pem -CAkey lower.key -set_serial "0x0b$(printf '%s' "$leaf_name" | cksum | cut -c 1-4)" \
		-days 200 -out "$leaf_name.pem" -extfile "$leaf_name.ext"
}
leaf web web.example.com extendedKeyUsage=serverAuth
leaf other other.example.com extendedKeyUsage=serverAuth
cat lower.pem upper.pem >chain.pem
web() { # [OPTION...]: a server with the leaf
	serve -cert web.pem -key web.key "$@"
}

# ---- show: the chain as sent ------------------------------------------------------------------------------------------
web -cert_chain chain.pem
good=$port
expect_status 0 "show takes host:port" "$REMINT" show "127.0.0.1:$good"
[ "$(grep -c '^certificate ' "$TMP/out")" -eq 3 ] && ok "and shows what is sent, leaf and two issuers" ||
	not_ok "and shows what is sent, leaf and two issuers" "$TMP/out"
expect_out "^certificate web.example.com  127.0.0.1:$good #1, tls" "the leaf first, called after the endpoint"
expect_status 0 "an endpoint stands among files" "$REMINT" show --no-pem --json root.pem "https://127.0.0.1:$good"
json_is ".objects | length == 4 and .[1].container == \"tls\" and .[1].endpoint == \"127.0.0.1:$good\" and .[1].address == \"127.0.0.1:$good\" and (.[0] | has(\"endpoint\") | not)" \
	"and its objects say where they were served"
expect_status 0 "what was sent can be read back" "$REMINT" show --json "127.0.0.1:$good"
if command -v jq >/dev/null 2>&1; then
	jq -r '.objects[].pem' <"$TMP/out" | grep -v '^$' >sent.pem
	cat web.pem lower.pem upper.pem >wanted.pem
	expect_same wanted.pem sent.pem "and is what the server was given, byte for byte"
else
	skip "jq is not installed" "what was sent is what the server was given"
fi
echo 'not a host' >"127.0.0.1:1"
expect_status 3 "a file of that name goes first" "$REMINT" show 127.0.0.1:1
rm 127.0.0.1:1

# ---- audit: each fault of a chain, found as sent and not repaired ---------------------------------------------------------
faults() { # the rules about chains that speak up at all
	"$REMINT" audit "$@" --csv 2>"$TMP/err" | cut -d, -f5 | grep '^chain\.' | sort -u | tr '\n' ' ' | sed 's/ $//'
}
while IFS='|' read -r sentence members wanted; do
	cat $members /dev/null >sent.pem
	if [ -n "$members" ]; then web -cert_chain sent.pem; else web; fi
	got=$(faults "web.example.com:$port" --connect 127.0.0.1 --for nginx --trust root.pem --chain chain.pem)
	[ "$got" = "$wanted" ] && ok "$sentence: $wanted" || not_ok "$sentence: finds \"$got\", not \"$wanted\"" "$TMP/err"
	stop_servers
done <<'TABLE'
a whole chain in its order|lower.pem upper.pem|
the leaf alone||chain.complete
an intermediate is missing|upper.pem|chain.complete
the upper one before the lower one|upper.pem lower.pem|chain.order
the leaf again, as a chain group had it|web.pem lower.pem upper.pem|chain.duplicate
an intermediate twice|lower.pem lower.pem upper.pem|chain.duplicate
the root on the wire|lower.pem upper.pem root.pem|chain.root-included
a certificate of somebody else|lower.pem upper.pem stray.pem|chain.foreign
everything at once|web.pem upper.pem root.pem lower.pem stray.pem|chain.duplicate chain.foreign chain.order chain.root-included
TABLE
web -cert_chain sent.pem
for target in openssl-seclevel2 schannel-tls12 sfb-front-end sfb-reverse-proxy exchange symantec-gateway lync-phone-edition; do
	got=$(faults "web.example.com:$port" --connect 127.0.0.1 --for $target --trust root.pem --chain chain.pem)
	wanted='chain.duplicate chain.foreign chain.order chain.root-included'
	[ "$got" = "$wanted" ] && ok "$target: so does it" || not_ok "$target: finds \"$got\", not \"$wanted\"" "$TMP/err"
done
stop_servers

web -cert_chain chain.pem
good=$port
expect_status 1 "the host of the endpoint must be named" "$REMINT" audit "www.example.com:$good" --connect 127.0.0.1 --for nginx --trust root.pem
expect_out '^  ERROR    leaf.name.host' "and is said not to be"
expect_status 0 "unless --name gives another" "$REMINT" audit "www.example.com:$good" --connect 127.0.0.1 --for nginx --trust root.pem \
	--name web.example.com
expect_status 0 "an address need not be named" "$REMINT" audit "127.0.0.1:$good" --for nginx --trust root.pem

# A CA certificate as a server's own is judged as the leaf that it is there.
serve -cert root.pem -key root.key
expect_status 1 "a server that shows a CA certificate" "$REMINT" audit "127.0.0.1:$port" --for nginx --trust root.pem
expect_out 'leaf\.basic-constraints' "is told that it is no leaf"

# ---- explain ---------------------------------------------------------------------------------------------------------------
web
expect_status 0 "explain runs on an endpoint" "$REMINT" explain 'An account matching this phone number cannot be found' \
	"127.0.0.1:$port" --trust root.pem --chain chain.pem
sed -n '/^ 1\. /,/^ 2\. /p' "$TMP/out" >first
grep -q '^    proof  *proved' first && ok "and proves the missing intermediate" ||
	not_ok "and proves the missing intermediate" "$TMP/out"
expect_line first "127.0.0.1:$port" "and names the endpoint in what to do"

# ---- the way there ----------------------------------------------------------------------------------------------------------
serve_script "$peer" sni web.pem web.key other.example.com other.pem other.key
expect_status 0 "the name of the endpoint is asked for" "$REMINT" show "other.example.com:$port" --connect 127.0.0.1
expect_out '^certificate other.example.com ' "and answered"
expect_status 0 "--sni asks for another" "$REMINT" show "www.example.com:$port" --connect 127.0.0.1 --sni other.example.com
expect_out '^certificate other.example.com ' "which is answered"
expect_status 0 "any other name" "$REMINT" show "www.example.com:$port" --connect 127.0.0.1
expect_out '^certificate web.example.com ' "gets what the server has"

serve_script "$peer" smtp web.pem web.key
mail=$port
expect_status 0 "smtp:// says STARTTLS" "$REMINT" show --no-pem --json "smtp://127.0.0.1:$mail"
json_is ".objects[0].common_name == \"web.example.com\" and .objects[0].endpoint == \"smtp://127.0.0.1:$mail\"" \
	"and the endpoint keeps its scheme"

if grep -q '^0*1 ' /proc/net/if_inet6 2>/dev/null; then
	serve_at='[::1]:0'
	web
	unset serve_at
	expect_status 0 "IPv6 in brackets" "$REMINT" show "[::1]:$port"
	expect_out "^certificate web.example.com  \[::1\]:$port #1" "is called as it was given"
else
	skip "there is no IPv6 loopback here" "IPv6 in brackets"
fi

# ---- lists ---------------------------------------------------------------------------------------------------------------------
cat >list <<LIST
# front ends

127.0.0.1:$good     # the first
   root.pem
	smtp://127.0.0.1:$mail
LIST
expect_status 0 "a list names files and endpoints, one a line" "$REMINT" show --no-pem --json --list list
json_is '[.objects[].source] | unique | length == 3' "and each is shown"
printf '127.0.0.1:%s\r\n' "$good" >crlf
"$REMINT" audit --list - --for nginx --trust root.pem <crlf >"$TMP/out" 2>"$TMP/err" &&
	ok "a list from standard input, with the line ends of Windows" ||
	not_ok "a list from standard input, with the line ends of Windows" "$TMP/out" "$TMP/err"
printf '127.0.0.1:99999\nhtps://x\n-\n127.0.0.1:%s\n%2000s\nnowhere.pem\nfe1 5061\nfe1:sip\n' "$good" x >bad
expect_status 3 "lines that are nothing do not hide the others" "$REMINT" show --list bad
expect_out '^certificate web.example.com' "which are shown"
while IFS='|' read -r line says; do
	expect_err "^remint: bad: line $line: .*$says" "line $line is told: $says"
done <<'TABLE'
1|port
2|https
3|standard input
5|longer than 1024
6|"nowhere\.pem" is no file that is there, and no endpoint
7|"fe1 5061" is no file
8|"fe1:sip" is no file
TABLE
expect_status 3 "so do those of a list of endpoints" "$REMINT" verify --as nginx --list bad
expect_err '^remint: bad: line 6: "nowhere\.pem"' "with file and line"
expect_status 2 "an endpoint with a port that is none is a mistake of the call" "$REMINT" show 127.0.0.1:99999
expect_status 3 "a list that is not there" "$REMINT" show --list nowhere
expect_err '^remint: nowhere: ' "is told once"

# ---- what does not answer ------------------------------------------------------------------------------------------------------
closed=$(free_port)
refused 5 "127.0.0.1:$closed: connect: " "nobody listens" "$REMINT" show "127.0.0.1:$closed"
refused 5 'nowhere.invalid:443: resolve: ' "a name that nobody knows" "$REMINT" show nowhere.invalid:443
serve_script "$peer" plain
refused 5 "127.0.0.1:$port: " "a server that speaks something else" "$REMINT" show "127.0.0.1:$port"
refused 5 "smtp://127.0.0.1:$good: " "a server of TLS asked for STARTTLS" "$REMINT" show "smtp://127.0.0.1:$good" --timeout 2s
serve_script "$peer" empty
expect_status 5 "records with nothing in them are no verdict" "$REMINT" verify "127.0.0.1:$port" --as nginx
expect_out 'breaks its rules' "but a peer that breaks the rules of TLS"
serve_script "$peer" deaf
refused 5 "offers no STARTTLS" "a mail server without STARTTLS is not asked for it" "$REMINT" show "smtp://127.0.0.1:$port" --timeout 2s
serve_script "$peer" silent
silent=$port
began=$(date +%s)
refused 5 "127.0.0.1:$silent: " "a server that says nothing" "$REMINT" show "127.0.0.1:$silent" --timeout 1s
[ $(($(date +%s) - began)) -lt 8 ] && ok "is given up after --timeout" || not_ok "is given up after --timeout"
expect_status 5 "one that fails does not hide the others" "$REMINT" show "127.0.0.1:$closed" "127.0.0.1:$good" "127.0.0.1:$silent" --timeout 3s --json
json_is '(.objects | length == 3) and (.errors | length == 2) and all(.errors[]; .class == "network")' "and each is one error"

expect_status 5 "explain where nobody listens" "$REMINT" explain 0x80090331 "127.0.0.1:$closed"
expect_out 'proof  *not tried' "does not call that a proof"

# Fifty at once, half of them dead, take the time of one.
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
	echo "127.0.0.1:$good"
	echo "127.0.0.1:$silent"
done >fifty
began=$(date +%s)
expect_status 5 "fifty endpoints at once, half of them silent" "$REMINT" audit --list fifty --for nginx --trust root.pem --timeout 5s --json
[ $(($(date +%s) - began)) -lt 30 ] && ok "take the time of one" || not_ok "take the time of one"
json_is '.summary.certificates == 25 and (.errors | length == 25)' "and the other half is judged"
# On a terminal one sees how far it is, and nothing of it stays.
if command -v script >/dev/null 2>&1; then
	script -qec "$REMINT audit --list fifty --for nginx --trust root.pem --timeout 5s" /dev/null >typescript </dev/null
	grep -aq '[0-9][0-9] of 50' typescript && ok "a terminal shows the progress" || not_ok "a terminal shows the progress" typescript
	# What a line looks like in the end is what stands behind the last return to its beginning.
	tr -d '\033' <typescript | sed 's/\r$//; s/.*\r//; s/\[K//' >screen
	expect_no_line screen ' of 50' "and wipes it"
	expect_line screen '^25 certificates judged' "before the answer"
else
	skip "script is not installed" "a terminal shows the progress"
fi

# ---- hostile peers --------------------------------------------------------------------------------------------------------------
# Names with a NUL and with an escape sequence: the signature is gone, but servers show what they are given.
disfigure() { # NAME BYTES: web.pem with these instead of its host, which is as long
	openssl x509 -in web.pem -outform DER | python3 -c '
import base64, sys
der = sys.stdin.buffer.read().replace(b"web.example.com", eval("b\"" + sys.argv[1] + "\""))
print("-----BEGIN CERTIFICATE-----", base64.encodebytes(der).decode().strip(), "-----END CERTIFICATE-----", sep="\n")
' "$2" >"$1.pem"
}
escape=$(printf '\033')
while IFS='|' read -r name bytes sentence; do
	disfigure "$name" "$bytes"
	serve -cert "$name.pem" -key web.key -cert_chain chain.pem
	expect_status 0 "$sentence" "$REMINT" show "127.0.0.1:$port"
	expect_no_line "$TMP/out" "$escape" "$sentence: nothing of it reaches the terminal"
	expect_status 1 "$sentence, judged" "$REMINT" audit "web.example.com:$port" --connect 127.0.0.1 --for nginx --trust root.pem
	expect_no_line "$TMP/out" "$escape" "$sentence, judged: nothing of it reaches the terminal"
	expect_status 1 "$sentence, played" "$REMINT" verify "web.example.com:$port" --connect 127.0.0.1 --as openssl-seclevel2 --trust root.pem
	expect_no_line "$TMP/out" "$escape" "$sentence, played: nothing of it reaches the terminal"
	expect_status 1 "$sentence, as JSON" "$REMINT" verify "web.example.com:$port" --connect 127.0.0.1 --as openssl-seclevel2 --trust root.pem --json
	json_is '.endpoints[0].addresses[0].verdict == "refused"' "$sentence, as JSON: one document"
done <<'TABLE'
nul|web\x00example.com|a name with a NUL in it
escape|web\x1b[31mxyz.com|a name with an escape sequence in it
TABLE

# A chain of more than anybody needs, and one of more than anybody takes.
for i in 1 2 3 4 5 6 7 8 9 10; do cat chain.pem; done >twenty
for i in 1 2 3 4 5 6 7 8 9 10; do cat twenty; done >many
for i in 1 2 3 4 5 6 7 8 9 10; do cat many; done >huge
web -cert_chain many
expect_status 0 "a chain of two hundred" "$REMINT" show "127.0.0.1:$port" --no-pem --json
json_is '.objects | length == 201' "is shown as it is"
expect_status 0 "and judged, with warnings" "$REMINT" audit "127.0.0.1:$port" --for nginx --trust root.pem
web -cert_chain huge
refused 5 "127.0.0.1:$port: " "a chain of two thousand" "$REMINT" show "127.0.0.1:$port"
tap_done
