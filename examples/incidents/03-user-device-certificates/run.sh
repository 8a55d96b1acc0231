#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Incident 3: Lync signs each user in with a certificate of its own for each device (subject the SIP address, issuer
# "Communications Server", 180 days) and keeps it in the user's personal store, where network and web sign-in find it and
# offer it, or take it. The server keeps the list of what it accepts, per user and device.
#
#	examples/incidents/03-user-device-certificates/run.sh [DIR]
#
# The servers are openssl ones that demand a certificate; one names the CAs that it takes, the other names none. What is
# offered follows from the names that a server really sends. tstclnt (libnss3-tools), a client that picks by itself as
# browsers do, is asked too where it is installed.

. "$(dirname "$0")/../lib.sh"
script=$(cd "$incident_root/examples/incidents/03-user-device-certificates" && pwd)
incident "Incident 3: the sign-in certificates of users and devices" "$@"
also tstclnt
client='keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid'

say "A user's personal store as the field had it: one certificate for the network, and those that Lync fetched"
key corp lync server network lync1 lync2
certify corp corp '/DC=example/DC=corp/CN=Corp Issuing CA' sha256 3650 self "$ca_extensions"
certify lync lync '/CN=Communications Server' sha256 3650 self "$ca_extensions"
certify server server '/CN=radius.corp.example' sha256 365 corp "$leaf_extensions
extendedKeyUsage=serverAuth
subjectAltName=DNS:radius.corp.example"
certify network network '/DC=example/DC=corp/CN=User1' sha256 365 corp "$client"
certify lync1 lync1 '/CN=user1@corp.example' sha256 90 lync "$client"
certify lync2 lync2 '/CN=user1@corp.example' sha256 180 lync "$client"
mkdir My LyncCertStore
for name in network lync1 lync2; do cp $name.pem My/; done
list_store() {
	for file in "$1"/*.pem; do
		[ -e "$file" ] || continue
		openssl x509 -in "$file" -noout -subject -issuer -nameopt RFC2253 | sed 's/.*=\(CN=\)/\1/; s/^[a-z]*=//' | paste -s -d '|' - |
			sed 's/,DC=[^|]*//g; s/|/, issued by /; s/^/   /' | sed "s|\$|  ($file)|"
	done
}
list_store My

# offered STORE: which of a store's certificates fit what the server of the last `serve` asks for; left in `offered`.
offered() {
	echo Q | openssl s_client -connect "127.0.0.1:$port" -tls1_2 -CAfile corp.pem -nameopt RFC2253 >asked 2>&1 || true
	sed -n '/^Acceptable client certificate CA names/,/^Client Certificate Types/p' asked | sed '1d;$d' >named
	: >offered
	for offered_file in "$1"/*.pem; do
		[ -e "$offered_file" ] || continue
		offered_issuer=$(openssl x509 -in "$offered_file" -noout -issuer -nameopt RFC2253 | sed 's/^issuer=//')
		if [ ! -s named ] || grep -Fqx -e "$offered_issuer" named; then basename "$offered_file" .pem >>offered; fi
	done
	printf '   the server names %s; offered: %s\n' "$(sed 's/,DC.*//' named | paste -s -d ' ' - | sed 's/^$/no CA/')" \
		"$(paste -s -d ' ' offered)"
}
# nss STORE RESULT: what a client takes that picks by itself, and how that ends (grep -E). The newest certificates were imported last.
nss() {
	have tstclnt || return 0
	rm -rf nss && mkdir nss
	certutil -N -d sql:nss --empty-password
	certutil -A -d sql:nss -n corp -t C,, -i corp.pem
	for nss_name in network lync1 lync2; do
		[ -e "$1/$nss_name.pem" ] || continue
		openssl pkcs12 -export -in $nss_name.pem -inkey $nss_name.key -name $nss_name -passout pass: -out nss/one.p12
		pk12util -i nss/one.p12 -d sql:nss -W '' -K '' >/dev/null
	done
	nss_before=$(wc -l <server)
	timeout 20 tstclnt -h 127.0.0.1 -a radius.corp.example -p "$port" -d sql:nss -V tls1.2:tls1.2 -o -Q >client 2>&1 </dev/null || true
	sleep 0.2
	tail -n "+$((nss_before + 1))" server >heard
	nss_got="$(sed -n 's/^depth=0 .*CN *= *//p' heard | tail -n 1), $(grep -q 'verify failed' heard && echo refused || echo accepted)"
	printf '   NSS, which picks by itself, takes %s\n' "$nss_got"
	echo "$nss_got" | grep -Eqx -e "$2" || failed "NSS should take $2"
}
radius="-tls1_2 -cert server.pem -key server.key -CAfile corp.pem -Verify 2 -verify_return_error"

say "A server that names its issuers: one certificate fits, nobody is asked"
serve $radius
offered My
[ "$(paste -s -d ' ' offered)" = network ] || failed "network alone should be offered"
meet "with the network certificate" accepts -tls1_2 -CAfile corp.pem -cert network.pem -key network.key
nss My 'User1, accepted'

say "A server that names none: all of them are offered, the picker opens, and a wrong choice is refused (alert 48)"
serve $radius -no_ca_names
offered My
[ "$(wc -l <offered)" -eq 3 ] || failed "three should be offered"
meet "with a Lync certificate" refuses -tls1_2 -CAfile corp.pem -cert lync2.pem -key lync2.key
told 'num=20:'
told 'alert number 48'
# By its own order, which may be another one day; the newest certificate of this store is Lync's.
nss My 'user1@corp.example, refused|User1, accepted'

say "Explain: the picker, and why deleting the certificates does not help"
run remint explain '802.1X asks which certificate to use and offers Communications Server' --limit 1
told 'UseLyncCertStore'
told 'Do not only delete'

say "The remedy is a policy, for Lync 2013 and for 2016 and later; Lync's certificates then stand in LyncCertStore"
tr -d '\r' <"$script/UseLyncCertStore.reg" | sed 's/^/   /'
for version in 15.0 16.0; do
	grep -Fq "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Office\\$version\\Lync]" "$script/UseLyncCertStore.reg" ||
		failed "the policy for $version is missing"
done
mv My/lync1.pem My/lync2.pem LyncCertStore/
serve $radius -no_ca_names
offered My
[ "$(paste -s -d ' ' offered)" = network ] || failed "network alone should be offered"
nss My 'User1, accepted'
meet "with the one that is left" accepts -tls1_2 -CAfile corp.pem -cert network.pem -key network.key
stop

# A DeviceId is a version-5 UUID: SHA-1 of a fixed namespace and the endpoint's id, its first fields in the byte order of a PC.
device_id() {
	{
		printf '\003\373\254\374\212\163\357\106\221\261\345\353\356\253\244\376'
		printf %s "$1"
	} | openssl dgst -sha1 -r | awk '{
		digits = "0123456789abcdef"
		third = substr($1, 15, 2) substr($1, 13, 2)
		ninth = index(digits, substr($1, 17, 1)) - 1
		print substr($1, 7, 2) substr($1, 5, 2) substr($1, 3, 2) substr($1, 1, 2) "-" substr($1, 11, 2) substr($1, 9, 2) \
			"-5" substr(third, 2) "-" substr(digits, 8 + ninth % 4 + 1, 1) substr($1, 18, 3) "-" substr($1, 21, 12)
	}'
}

say "The server's side: a CA named Communications Server, and for each user and device a certificate of 180 days"
quietly remint init --no-password --root-key rsa:2048 --issuing-key rsa:2048 --issuing-subject 'CN=Communications Server'
quietly remint ca export --out trust
cat trust/issuing.pem trust/root.pem >front-end.pem
for row in 'pc user1 epid-pc-1' 'laptop user1 epid-laptop-1' 'phone user1 epid-phone-1' 'tablet user2 epid-tablet-2'; do
	set -- $row
	device=$(device_id "$3")
	echo "$device" >"$1.device"
	if [ "$1" = phone ]; then
		# A client makes its own request: signed with SHA-1, its version 3 where the standard has 1, without attributes.
		key phone
		bare_request phone phone 2 "CN=$2@corp.example"
		quietly remint sign phone.der --template user-device --uri "sip:$2@corp.example" --uri "urn:uuid:$device" --out phone
		mv phone/phone.pem phone/fullchain.pem
		openssl x509 -in phone/fullchain.pem -out phone/cert.pem
		cp phone.key phone/key.pem
	else
		quietly remint issue --template user-device --cn "$2@corp.example" --uri "sip:$2@corp.example" --uri "urn:uuid:$device" --out "$1"
	fi
done
for device in *.device; do
	grep -Eqx '[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}' "$device" || failed "$device is no version-5 UUID"
done

say "The list per user, in the form of Get-CsClientCertificate"
run remint list --cs-clients --name sip:user1@corp.example
[ "$(grep -c '^Identity *: sip:user1@corp.example$' said)" -eq 3 ] || failed "three devices should be listed"
for device in pc laptop phone; do told "DeviceId : \\{$(cat $device.device)\\}"; done
told 'ExpirationTime : [0-9]+/[0-9]+/[0-9]+ [0-9]+:[0-9]+:[0-9]+ [AP]M'
days=$((($(date -d "$(openssl x509 -in pc/cert.pem -noout -enddate | cut -d= -f2)" +%s) \
	- $(date -d "$(openssl x509 -in pc/cert.pem -noout -startdate | cut -d= -f2)" +%s) + 1) / 86400))
[ "$days" -eq 180 ] || failed "the certificate is valid for $days days"

front_end() {
	quietly remint crl issuing --out published
	serve -tls1_2 -cert server.pem -key server.key -CAfile front-end.pem -Verify 2 -verify_return_error -crl_check \
		-CRL published/issuing.crl.pem
}
sign_in() { # DEVICE accepts|refuses [WHO]
	meet "${3:-$1}" "$2" -tls1_2 -CAfile corp.pem -cert "$1/cert.pem" -key "$1/key.pem"
}

say "Each device signs in; a renewal overlaps with what it renews, so that no device is locked out on the day"
run remint rekey pc/cert.pem --template user-device --out pc-renewed
front_end
for device in pc pc-renewed laptop phone tablet; do sign_in $device accepts; done
quietly remint list --cs-clients --name sip:user1@corp.example
[ "$(grep -c "{$(cat pc.device)}" said)" -eq 2 ] || failed "the device should be listed twice in the overlap"
run remint history pc/cert.pem
told 'superseded'

say "The laptop is lost: that device alone is taken back, and refused (error 23, alert 44)"
run remint revoke --user sip:user1@corp.example --device "{$(cat laptop.device)}"
front_end
sign_in laptop refuses
told 'num=23:'
told 'alert number 44'
sign_in phone accepts

say "The user leaves: all that is in force, seen first and then revoked; another user's device is untouched"
run remint revoke --user sip:user1@corp.example
told 'nothing was revoked yet'
run remint revoke --user sip:user1@corp.example --commit
quietly remint list --cs-clients --name sip:user1@corp.example
[ ! -s said ] || failed "nothing should be listed"
front_end
for device in pc pc-renewed phone; do sign_in $device refuses; done
sign_in tablet accepts "the other user's tablet"
stop
quietly remint db check

printf '\nThe picker stays closed, and the list says who may sign in.\n'
