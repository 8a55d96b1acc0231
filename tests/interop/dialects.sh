# SPDX-License-Identifier: Apache-2.0
# The ways to TLS that are not TLS from the first byte, spoken with the programs that people run: Dovecot for IMAP, POP3 and
# ManageSieve, Postfix for SMTP, OpenLDAP, PostgreSQL. Each shows its chain as sent, and what it says when it has no TLS is passed on.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/server.sh"
need jq python3
cd "$TMP" || exit 99
umask 022
chmod 711 "$TMP" # the servers work as users of their own
postgres_data=
trap 'stop_all; tap_exit' EXIT

stop_all() {
	if [ -n "$postgres_data" ]; then
		as postgres "$postgres_bin/pg_ctl" -D "$postgres_data" -m immediate stop >/dev/null 2>&1
		rm -rf "$postgres_data"
	fi
	postgres_data=
	stop_servers
}

# as USER COMMAND...: some servers do not run as root.
as() {
	as_user=$1
	shift
	setpriv --reuid "$as_user" --regid "$(id -g "$as_user")" --clear-groups "$@"
}

# shows ENDPOINT NAME: leaf and intermediate arrive as they were sent.
shows() {
	"$REMINT" show --no-pem --json "$1" >"$TMP/out" 2>"$TMP/err" &&
		jq -e '[.objects[].subject] == ["CN=mail.example", "CN=Dialect Issuing"]' "$TMP/out" >/dev/null &&
		ok "$2" || not_ok "$2" "$TMP/out" "$TMP/err" ${3:+"$3"}
}

# ---- a chain to serve --------------------------------------------------------------------------------------------------------
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout issuing.key -out issuing.pem -days 300 \
	-subj '/CN=Dialect Issuing' -addext keyUsage=critical,keyCertSign
quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout mail.key -out mail.csr -subj '/CN=mail.example'
quietly openssl x509 -req -in mail.csr -CA issuing.pem -CAkey issuing.key -days 100 -out mail.pem
cat mail.pem issuing.pem >mail.chain
cat mail.key mail.chain >mail.all

# ---- Dovecot -----------------------------------------------------------------------------------------------------------------
# has_service NAME: what Dovecot calls it, when it is installed.
has_service() {
	[ ! -x "/usr/lib/dovecot/$1-login" ] || [ ! -x "/usr/lib/dovecot/$1" ] || echo "${1#manage}"
}
# listener PROTOCOL PORT [PORT-OF-TLS]
listener() {
	listener_login=$1-login
	[ "$1" != sieve ] || listener_login=managesieve-login
	cat >>dovecot.conf <<CONF
service $listener_login {
  inet_listener $1 {
    port = $2
  }
$([ -z "${3:-}" ] || printf '  inet_listener %ss {\n    port = %s\n  }\n' "$1" "$3")
}
CONF
}
# dovecot_settings SSL, for 2.3 and before.
dovecot_settings() {
	cat <<CONF
base_dir = $TMP/dovecot
listen = 127.0.0.1
log_path = $TMP/dovecot.log
protocols = imap $pop3_too $sieve_too
ssl = $1
ssl_cert = <$TMP/mail.chain
ssl_key = <$TMP/mail.key
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
CONF
}
# dovecot_settings_since_2_4 SSL: the same in the names of 2.4, which wants to be told first whose names they are.
dovecot_settings_since_2_4() {
	cat <<CONF
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = $TMP/dovecot
listen = 127.0.0.1
log_path = $TMP/dovecot.log
protocols = imap $pop3_too $sieve_too
ssl = $1
ssl_server_cert_file = $TMP/mail.chain
ssl_server_key_file = $TMP/mail.key
mail_driver = maildir
mail_path = $TMP/dovecot/mail
passdb static {
  password = unused
}
userdb static {
  fields {
    uid = nobody
    gid = nogroup
    home = /nonexistent
  }
}
CONF
}
# dovecot_with SSL: IMAP, POP3 and, where Pigeonhole is there, ManageSieve on ports of their own.
dovecot_with() {
	imap=$(free_port) imaps=$(free_port) pop3=$(free_port) pop3s=$(free_port) sieve=$(free_port)
	pop3_too=$(has_service pop3) sieve_too=$(has_service managesieve)
	rm -rf dovecot dovecot.log
	mkdir -m 755 dovecot
	case $(dovecot --version) in
	[01].* | 2.[0-3].*) dovecot_settings "$1" ;;
	*) dovecot_settings_since_2_4 "$1" ;;
	esac >dovecot.conf
	listener imap "$imap" "$imaps"
	[ -z "$pop3_too" ] || listener pop3 "$pop3" "$pop3s"
	[ -z "$sieve_too" ] || listener sieve "$sieve"
	in_background dovecot dovecot -F -c "$TMP/dovecot.conf"
	listens "$imap"
}
# dovecot_shows SERVICE ENDPOINT SENTENCE
dovecot_shows() {
	if [ -n "$(has_service "$1")" ]; then
		shows "$2" "$3" dovecot.log
	else
		skip "Dovecot's $1 is not installed" "$3"
	fi
}

if ! have dovecot; then
	skip "dovecot is not installed" "Dovecot"
elif [ "$(id -u)" != 0 ]; then
	skip "Dovecot is started as root" "Dovecot"
elif ! dovecot_with yes; then
	not_ok "Dovecot starts" dovecot.out dovecot.log
else
	dovecot_shows imap "imap://127.0.0.1:$imap" "IMAP with STARTTLS, Dovecot"
	dovecot_shows imap "imaps://127.0.0.1:$imaps" "IMAP over TLS, Dovecot"
	dovecot_shows pop3 "pop3://127.0.0.1:$pop3" "POP3 with STLS, Dovecot"
	dovecot_shows pop3 "pop3s://127.0.0.1:$pop3s" "POP3 over TLS, Dovecot"
	dovecot_shows managesieve "sieve://127.0.0.1:$sieve" "ManageSieve with STARTTLS, Dovecot"
	expect_status 5 "IMAP taken for SMTP" "$REMINT" show "smtp://127.0.0.1:$imap"
	expect_err 'does not speak SMTP: it says .*OK' "says what it is"
	expect_status 5 "IMAP taken for TLS" "$REMINT" show "127.0.0.1:$imap"
	expect_err 'does not speak TLS here but IMAP: write imap://' "says what to write"
	stop_servers
	if dovecot_with no; then
		expect_status 5 "IMAP without TLS" "$REMINT" show "imap://127.0.0.1:$imap"
		expect_err 'does not begin TLS: the IMAP server says "a BAD' "passes on what Dovecot says"
	else
		not_ok "Dovecot starts without TLS" dovecot.out dovecot.log
	fi
fi

# ---- Postfix -----------------------------------------------------------------------------------------------------------------
start_mail() {
	smtp=$(free_port) smtps=$(free_port) plain=$(free_port)
	postfix_conf "$smtp" "smtpd_tls_chain_files = $TMP/mail.all"
	cat >>postfix/master.cf <<CONF
127.0.0.1:$smtps inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
127.0.0.1:$plain inet n - n - - smtpd -o smtpd_tls_security_level=none
CONF
	start_postfix "$smtp" && listens "$smtps"
}

if ! have postfix; then
	skip "postfix is not installed" "Postfix"
elif [ "$(id -u)" != 0 ]; then
	skip "Postfix is started as root" "Postfix"
elif ! start_mail; then
	not_ok "Postfix starts" postfix.out mail/log
else
	shows "smtp://127.0.0.1:$smtp" "SMTP with STARTTLS, Postfix" mail/log
	shows "submission://127.0.0.1:$smtp" "submission with STARTTLS, Postfix" mail/log
	shows "smtps://127.0.0.1:$smtps" "SMTP over TLS, Postfix" mail/log
	expect_status 5 "SMTP without TLS" "$REMINT" show "smtp://127.0.0.1:$plain"
	expect_err 'does not begin TLS: the SMTP server offers no STARTTLS' "says what Postfix leaves out of its answer to EHLO"
	expect_status 5 "SMTP taken for TLS" "$REMINT" show "127.0.0.1:$smtp"
	expect_err 'does not speak TLS here but SMTP or FTP: write smtp:// or ftp://' "says what to write"
fi

# ---- OpenLDAP -----------------------------------------------------------------------------------------------------------------
# start_slapd [LINE...]: a server without a single entry.
start_slapd() {
	ldap=$(free_port) ldaps=$(free_port)
	printf '%s\n' "pidfile $TMP/slapd.pid" "$@" >slapd.conf
	in_background slapd slapd -d 0 -f slapd.conf -h "ldap://127.0.0.1:$ldap $([ $# = 0 ] || echo "ldaps://127.0.0.1:$ldaps")"
	listens "$ldap"
}

if ! have slapd; then
	skip "slapd is not installed" "OpenLDAP"
elif ! start_slapd "TLSCertificateFile $TMP/mail.chain" "TLSCertificateKeyFile $TMP/mail.key" "TLSCACertificateFile $TMP/issuing.pem"; then
	not_ok "slapd starts" slapd.out
else
	shows "ldap://127.0.0.1:$ldap" "LDAP with StartTLS, OpenLDAP" slapd.out
	shows "ldaps://127.0.0.1:$ldaps" "LDAP over TLS, OpenLDAP" slapd.out
	start_slapd
	expect_status 5 "LDAP without TLS" "$REMINT" show "ldap://127.0.0.1:$ldap"
	expect_err 'the LDAP server answers StartTLS with result code 2 \(protocolError' "passes on what OpenLDAP says"
fi

# ---- PostgreSQL --------------------------------------------------------------------------------------------------------------
for postgres_bin in /usr/lib/postgresql/*/bin /nowhere; do
	[ ! -x "$postgres_bin/initdb" ] || break
done
# A cluster of its own outside our directory, which its user may not enter.
start_postgres() {
	port=$(free_port)
	postgres_data=$(mktemp -d "${TMPDIR:-/tmp}/remint-postgres.XXXXXX") && chown postgres "$postgres_data" || return 1
	as postgres "$postgres_bin/initdb" -D "$postgres_data" -A trust -N >postgres.out 2>&1 || return 1
	cp mail.chain mail.key "$postgres_data" && chown postgres "$postgres_data"/mail.* || return 1
	cat >>"$postgres_data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
ssl = on
ssl_cert_file = 'mail.chain'
ssl_key_file = 'mail.key'
CONF
	as postgres "$postgres_bin/pg_ctl" -D "$postgres_data" -w -l "$postgres_data/log" start >>postgres.out 2>&1
}

if [ "$postgres_bin" = /nowhere ]; then
	skip "postgresql is not installed" "PostgreSQL"
elif [ "$(id -u)" != 0 ] || ! id postgres >/dev/null 2>&1; then
	skip "PostgreSQL needs root and its user" "PostgreSQL"
elif ! start_postgres; then
	not_ok "PostgreSQL starts" postgres.out
else
	shows "postgres://127.0.0.1:$port" "PostgreSQL with SSLRequest"
	as postgres "$postgres_bin/psql" -h 127.0.0.1 -p "$port" -q -c 'alter system set ssl = off' -c 'select pg_reload_conf()' postgres >/dev/null 2>&1
	sleep 0.5
	expect_status 5 "PostgreSQL without TLS" "$REMINT" show "postgres://127.0.0.1:$port"
	expect_err 'does not begin TLS: the PostgreSQL server says "N"' "passes on its letter"
fi
tap_done
