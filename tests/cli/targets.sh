# SPDX-License-Identifier: Apache-2.0
# What --for means: names, paths, patterns and all, in every verb that takes targets; and how an audit for many reads.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl jq

cd "$TMP" || exit 99
old_ca
old_cert old '/CN=edge.contoso.com' extendedKeyUsage=serverAuth subjectAltName=DNS:edge.contoso.com \
	crlDistributionPoints=URI:http://pki.contoso.com/root.crl
cat old.pem root.pem >served.pem
total=$("$REMINT" target list --csv | sed 1d | wc -l)

# ---- audit: who is asked

# asked ARGUMENT...: the targets that had something to find, in their order, into $TMP/got. An old certificate ends soon for all.
asked() {
	"$REMINT" audit served.pem --at 2040-01-01 --json "$@" 2>"$TMP/err" |
		jq -r '[.findings[].target] | reduce .[] as $t ([]; if index($t) then . else . + [$t] end) | .[]' >"$TMP/got"
}
asked --for 'sfb-edge-*'
printf 'sfb-edge-external\nsfb-edge-internal\n' >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/got" "a pattern stands for the targets that match it, in byte order"
asked --for sfb-edge-internal --for 'sfb-edge-*' --for sfb-edge-external
printf 'sfb-edge-internal\nsfb-edge-external\n' >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/got" "each target judges once, where it is named first"
asked --for '[ap]*e'
printf 'apache\napple-profile\n' >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/got" "a pattern is a shell's"
asked --for all
LC_ALL=C sort -u "$TMP/got" >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/got" "all come in byte order"
"$REMINT" audit served.pem --for all >"$TMP/out" 2>"$TMP/err"
expect_out "^$total targets\$" "all are all that the list names"

mkdir -p own/targets
printf 'extends = "rfc5280";\ntitle = "My own";\n' >own/targets/sfb-mine.cfg
expect_status 1 "a user's own target is among them" "$REMINT" audit served.pem --policies own --for 'sfb-m*' --at 2040-01-01
expect_out '^2 targets$' "beside the built-in one"
expect_out 'sfb-mine' "under its name"
cp own/targets/sfb-mine.cfg 'odd*.cfg'
expect_status 1 "what ends with .cfg is a path and no pattern" "$REMINT" audit served.pem --for 'odd*.cfg' --at 2040-01-01
expect_out 'for odd\*' "and is read as it stands"

# ---- what matches nothing

while IFS='|' read -r sentence arguments says; do
	set -f # the patterns are not for this shell
	expect_status 2 "$sentence" "$REMINT" $arguments
	set +f
	expect_err "$says" "$sentence: the line says so"
	expect_no_line "$TMP/out" . "$sentence: and nothing else is printed"
done <<'TABLE'
a pattern that is near one|audit served.pem --for sbf-*|no target's name matches "sbf-\*" \(did you mean "sfb-\*"\?\)
a beginning with a letter too much|audit served.pem --for cissco-*|did you mean "cisco-\*"
a pattern that is near none|audit served.pem --for zzz*|see remint target list
a pattern that begins with a star|audit served.pem --for *-nothing|no target's name matches
among good ones|audit served.pem --for nginx --for sbf-*|did you mean "sfb-\*"
in JSON|audit served.pem --for sbf-* --csv|no target's name matches
a conversion for all|convert old.pem --key old.key --for all --out files|"all" is for judging
a conversion for nobody|convert old.pem --key old.key --for sbf-* --out files|did you mean "sfb-\*"
a request by several rules|request --cn a.example.com --for sfb-* --out csr|one target is wanted here, but "sfb-\*" names
TABLE

# ---- issuing

lab --no-password --publish-url http://pki.contoso.com/
expect_status 2 "issuing for all is refused" "$REMINT" issue --dns a.contoso.com --for all --out all
expect_err 'no one certificate serves every target' "with the reason"
[ -e all ] && not_ok "and makes no directory" || ok "and makes no directory"
printf 'secret\n' >pass
expect_status 0 "a pattern issues for each that it matches" \
	"$REMINT" issue --dns edge.contoso.com --for 'sfb-edge-i*' --for 'dotnet*' --out two --out-password-file pass
for directory in sfb-edge-internal dotnet-mtls; do
	[ -d "two/$directory" ] && ok "the files of $directory are there" || not_ok "the files of $directory are there"
done
expect_status 0 "a reissue takes it, too" \
	"$REMINT" reissue old.pem --for 'sfb-edge-int*' --out again --out-password-file pass --json
jq -r '.certificates[0].targets[]' "$TMP/out" >"$TMP/got"
echo sfb-edge-internal >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/got" "and records the name of the target"
quietly openssl req -new -newkey rsa:2048 -nodes -keyout app.key -subj /CN=app.contoso.com -out app.csr
expect_status 0 "sign takes it" "$REMINT" sign app.csr --for 'nginx*'
expect_status 0 "convert takes it" "$REMINT" convert two/fullchain.pem --key two/key.pem --password-file pass --for 'h*proxy' --out h
[ -s h/haproxy.pem ] && ok "and writes the files of the one that it matches" || not_ok "and writes the files"

# ---- how an audit for many reads

expect_status 1 "one finding of several targets" "$REMINT" audit served.pem --for 'sfb-edge-*' --for dotnet-mtls --for nginx
[ "$(grep -c '^  ERROR    leaf.eku.client-auth$' "$TMP/out")" -eq 1 ] &&
	ok "is told once" || not_ok "is told once" "$TMP/out"
expect_out '^           for          sfb-edge-internal, dotnet-mtls$' "with those who share it"
expect_out '^           note         .*The Front End, a .NET program' "why each of them cares stands apart"
expect_out '^  refused by +sfb-edge-internal, dotnet-mtls$' "in the end stands who refuses"
expect_out '^  accepted by' "and who accepts"
expect_out 'Verdict: refused\.$' "and the counts"
awk 'length > 100' "$TMP/out" >"$TMP/long"
expect_no_line "$TMP/long" . "nothing is wider than 100 columns"
"$REMINT" audit served.pem --for 'sfb-edge-*' --for dotnet-mtls --for nginx --json 2>"$TMP/err" >"$TMP/json"
jq -e '[.findings[] | select(.rule == "leaf.eku.client-auth" and .severity == "error")] | length == 2' "$TMP/json" >/dev/null &&
	ok "in JSON each target's stays a finding of its own" || not_ok "in JSON each target's stays its own" "$TMP/json"
mkdir pile
cp served.pem pile/one.pem
old_cert other '/CN=other.contoso.com' extendedKeyUsage=serverAuth subjectAltName=DNS:other.contoso.com
cp other.pem pile/two.pem
expect_status 1 "of several certificates" "$REMINT" audit pile --for dotnet-mtls --for nginx
expect_out '^pile/two\.pem: .*other\.contoso\.com$' "each has its part"
expect_out '^  refused by +dotnet-mtls \(2 errors\)' "and a number says how often a target refuses"
expect_status 1 "one target alone is told as ever" "$REMINT" audit served.pem --for 'dotnet-*'
expect_out '^served\.pem: .*, for dotnet-mtls$' "with its name on top"
tap_done
