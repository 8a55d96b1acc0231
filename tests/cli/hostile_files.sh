# SPDX-License-Identifier: Apache-2.0
# Files that are made to hang a reader, to fill its memory or to send it round in circles are refused by every verb that
# reads files: with a status that says so, in less than two seconds of the processor and in 64 MiB.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

bounded=$builddir/tests/lib/bounded
seconds=2
! nm "$REMINT" | grep -q __asan_init || seconds=6 # the price of a sanitizer, and of its start
cd "$TMP" || exit 99
printf 'secret\n' >pass
old_ca
old_cert good '/O=Contoso/CN=good.example.com' extendedKeyUsage=serverAuth subjectAltName=DNS:good.example.com
quietly openssl x509 -in good.pem -outform DER -out good.der
quietly openssl pkcs8 -topk8 -in good.key -out locked.key -passout pass:secret
lab --no-password

awk 'BEGIN { for (i = 0; i < 2000; i++) print "good.der" }' | xargs cat >many.der

# ---- the files

mkdir bad bad/circle bad/directory
awk 'BEGIN { for (i = 0; i < 10000; i++) printf "\060\200"; for (i = 0; i < 20000; i++) printf "%c", 0 }' >bad/nested.ber
cp "$srcdir/tests/fuzz/corpus/read/nested-10000.der" bad/nested.der
{ printf '\060\204\377\377\377\377\060\202'; cat good.der; } >bad/4gib.der
{ printf '\060\210\377\377\377\377\377\377\377\377\060\202'; cat good.der; } >bad/2-64.der
# The outer SEQUENCE with an indefinite length and without its end.
{ printf '\060\200'; tail -c +5 good.der; } >bad/endless.der
cp "$srcdir/tests/fuzz/corpus/read/iterations-2-31.pfx" bad/iterations.pfx
cp "$srcdir/tests/fuzz/corpus/read/iterations-2-31.key.der" bad/iterations.key
cp "$srcdir/tests/fuzz/corpus/read/scrypt-cost.key.der" bad/scrypt.key
# Twenty PFX, each of which alone asks for less than one file may: the iterations of the MAC stand at the very end.
quietly openssl pkcs12 -export -in good.pem -inkey good.key -passout pass:other -iter 65536 -out one.pfx
{ head -c -3 one.pfx; printf '\044\237\000'; } >costly.pfx
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	printf -- '-----BEGIN PKCS12-----\n%s\n-----END PKCS12-----\n' "$(openssl base64 -in costly.pfx)"
done >bad/costly.pem
# A DSA key whose public half takes the power of one number of 65,536 bits to another, and twenty RSA keys of 16,384 bits.
U() { head -c "$1" /dev/zero | tr '\0' U; }
{
	printf '\060\202\240\030\002\001\000\002\202\040\001\000'
	head -c 8192 /dev/zero | tr '\0' '\377'
	for i in q g y x; do
		printf '\002\202\040\000'
		U 8192
	done
} >bad/numbers.key
rsa_16384() {
	printf '\060\202\044\047\002\001\000\002\202\010\001\000'
	head -c 2048 /dev/zero | tr '\0' '\377'
	printf '\002\003\001\000\001\002\202\010\000'
	U 2048
	for i in p q; do
		printf '\002\202\004\001\000'
		head -c 1024 /dev/zero | tr '\0' '\377'
	done
	for i in dp dq qi; do
		printf '\002\202\004\000'
		U 1024
	done
}
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	printf -- '-----BEGIN RSA PRIVATE KEY-----\n%s\n-----END RSA PRIVATE KEY-----\n' "$(rsa_16384 | openssl base64)"
done >bad/rsa-16384.pem
printf 'PK\003\004\024\000\000\000\000\000' >bad/archive.zip
: >bad/empty
truncate -s 1T bad/sparse
{ printf -- '-----BEGIN CERTIFICATE-----\n'; head -c 3000000 /dev/zero | tr '\0' A; } >bad/one-line.pem
awk 'BEGIN { for (i = 0; i < 2000; i++) print "-----BEGIN CERTIFICATE-----" }' >bad/begins.pem
ln -s loop bad/loop
ln -s /dev/zero bad/zero
ln -s /proc/self/mem bad/mem
ln -s ../circle bad/circle/again
ln -s .. bad/directory/up
mkfifo bad/pipe bad/text.pipe bad/zeros.pipe bad/ders.pipe bad/blocks.pipe bad/listing.pipe
if have python3; then
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("bad/socket")'
fi
cp good.pem bad/growing


# Somebody who never stops writing. A writer ends when its reader goes, and the next reader gets another one.
feed() {
	while [ -e "bad/$1" ]; do
		"$2" >"bad/$1"
	done
}
text() { yes 'no certificate at all'; }
listing() {
	cat "$srcdir/tests/fuzz/corpus/read/listing.csv"
	yes '"no end of this cell'
}
zeros() { cat /dev/zero; }
ders() { while cat many.der; do :; done; }
blocks() {
	echo '-----BEGIN CERTIFICATE-----'
	yes MIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIB
}
grow() {
	while cat good.pem >>bad/growing; do :; done
}
writer=
start_writer() {
	case $1 in
	pipe) return ;; # nobody writes to this one
	*.pipe) feed "$1" "${1%.pipe}" >/dev/null 2>&1 </dev/null & ;;
	growing) grow 2>/dev/null & ;;
	*) return ;;
	esac
	writer=$!
}
stop_writer() {
	rm -rf "bad/$1"
	[ -z "$writer" ] || kill "$writer" 2>/dev/null
	writer=
}

# ---- the verbs: what is read in which place

# $ stands for the hostile file, % for a place of this line's own. Where only lines are read, whatever they are (!), what has no
# end or no content is enough.
cat >verbs <<'TABLE'
show $ --password-file pass
show --strict --json $ --password-file pass
!show --list $
!show locked.key --password-file $
lint $ --password-file pass
!lint --list $
import $ --password-file pass
import good.pem --key $ --password-file pass
!import --list $
accept $ --out % --password-file pass
accept good.pem --key $ --out % --password-file pass
accept good.pem --chain $ --out % --password-file pass
history $
ocsp $
revoke $ --password-file pass
revoke --key $ --password-file pass
!revoke --list $
blocklist add $
audit $ --for rfc5280 --password-file pass
audit good.pem --for $
audit good.pem --for rfc5280 --chain $ --password-file pass
audit good.pem --for rfc5280 --trust $ --password-file pass
audit good.pem --for rfc5280 --key $ --password-file pass
audit good.pem --for sfb-front-end --topology $
plan $ --for rfc5280 --password-file pass
plan good.pem --for sfb-front-end --topology $
convert $ --to pem -o % --password-file pass
convert good.pem --key $ --to pem -o % --password-file pass
!convert good.pem --key good.key --to pfx --out-password-file $
convert good.pem --chain $ --to p7b -o % --password-file pass
explain 0x80092004 $ --password-file pass
reissue $ --for rfc5280 --out % --password-file pass
reissue good.pem --for rfc5280 --request $ --out %
reissue good.pem --for rfc5280 --keep-key --key $ --out % --password-file pass
renew $ --out % --password-file pass
rekey $ --out % --password-file pass
sign $ --template client
sign good.csr --template $
!sign good.csr --template client --ca-password-file $
request --from $ --out % --password-file pass
request --for openssl-seclevel2 --request $ --out %
request --for sfb-front-end --topology $ --out %
!init --home % --cn x --ca-password-file $
issue --cn good.example.com --template $ --out %
issue --for sfb-front-end --topology $ --out %
apply $
apply $ --commit --out %
report $
verify localhost:1 --as rfc5280 --trust $
verify localhost:1 --as rfc5280 --chain $
verify localhost:1 --as rfc5280 --client-cert $ --password-file pass
verify localhost:1 --as rfc5280 --client-cert good.pem --key $ --password-file pass
!verify --list $ --as rfc5280
verify --campaign $
peer --as rfc5280 --cert $ --listen 127.0.0.1:0 --seconds 1 --password-file pass
peer --as rfc5280 --cert good.pem --key $ --listen 127.0.0.1:0 --seconds 1 --password-file pass
peer --as rfc5280 --cert good.pem --key good.key --chain $ --listen 127.0.0.1:0 --seconds 1
peer --as rfc5280 --cert good.pem --key good.key --trust $ --listen 127.0.0.1:0 --seconds 1
ca install $
ca sign $
target check $
template check $
TABLE

# applies FILE ROW: all pairs take long; without REMINT_LONG it is every second one, so that each file and each place has its turns.
applies() {
	[ -n "$REMINT_LONG" ] || [ $(((number + files) % 2)) -eq 0 ] || return 1
	case $2 in
	!*) case $1 in empty | zero | mem | sparse | loop | socket | one-line.pem | growing | pipe | *.pipe) ;; *) return 1 ;; esac ;;
	esac
}

# try FILE: every verb at once, each within its own bounds.
try() {
	number=0 pids=
	while read -r line; do
		number=$((number + 1))
		applies "$1" "$line" || continue
		(
			set -f
			# shellcheck disable=SC2046
			set -- $(printf '%s\n' "${line#!}" | sed "s|\\$|bad/$1|; s|%|made/$number|")
			"$bounded" $seconds 64 "$REMINT" "$@" >said/$number.out 2>said/$number.err </dev/null
			echo $? >said/$number.status
		) &
		pids="$pids $!"
	done <verbs
	wait $pids
}

# judge FILE: what kept within its bounds, refused the file or had no use for it, and wrote nothing. The file that grows is a
# good one: of it all is well that ends.
judge() {
	number=0
	: >wrong
	while read -r line; do
		number=$((number + 1))
		applies "$1" "$line" || continue
		status=$(cat said/$number.status)
		case $1:$status in
		growing:[0-7] | *:0) ;;
		*:[12347]) grep -q '^remint: ' said/$number.err || echo "$line: nothing is said" ;;
		*) echo "$line: status $status: $(tail -n 1 said/$number.err)" ;;
		esac >>wrong
		if [ -e "made/$number" ] && [ "$1" != growing ]; then echo "$line: wrote something" >>wrong; fi
	done <verbs
	if [ -s wrong ]; then not_ok "$1: every verb ends soon and small" wrong; else ok "$1: every verb ends soon and small"; fi
}

files=0
for file in $(ls bad); do
	files=$((files + 1))
	rm -rf made said && mkdir made said
	start_writer "$file"
	try "$file"
	judge "$file"
	stop_writer "$file"
done

# Beside others each verb gets a part of what is written; one that is alone keeps all of it for its later phases.
mkfifo bad/blocks.pipe
start_writer blocks.pipe
expect_status 3 "an endless block is kept in bounds by an import that has the pipe for itself" "$bounded" $seconds 64 "$REMINT" import bad/blocks.pipe
expect_err 'nothing comes in more than 16 MiB' "which says why it stops"
stop_writer blocks.pipe

# By the clock: pipes without a writer are not each waited for as long as one. Eight seconds it would be.
mkfifo 1.pipe 2.pipe 3.pipe 4.pipe 5.pipe 6.pipe 7.pipe 8.pipe
begun=$(date +%s)
expect_status 3 "eight pipes that nobody writes to" "$REMINT" show 1.pipe 2.pipe 3.pipe 4.pipe 5.pipe 6.pipe 7.pipe 8.pipe
expect_status 3 "one is asked once by an import, whatever its phases" "$REMINT" import 1.pipe
check "and both are soon over" test "$(($(date +%s) - begun))" -lt 6

# A pile that is kept has an end, too.
expect_status 3 "one certificate for ever is no pile" sh -c 'yes -- "$(cat good.pem)" | "$0" 9 64 "$1" convert --to p7b -' "$bounded" "$REMINT"
expect_err 'are not taken at once' "and it is said why"

# The bounds would be noticed.
if nm "$REMINT" | grep -q __asan_init; then
	skip "memory is not judged under a sanitizer" "too much memory is noticed"
else
	expect_status 126 "too much memory is noticed" "$bounded" 9 1 "$REMINT" version
fi
expect_status 125 "and so is too much time" "$bounded" 0 64 "$REMINT" version
tap_done
