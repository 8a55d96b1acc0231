/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/command.c - the table of commands: what there is, in the order in which the overview shows
 * it, what each takes and which function runs it. Parsing, help and completion read it.
 *
 * To add a verb:
 *   1. write cmd_VERB.c with `int cmd_verb(struct cli *cli)`, declare it in cli.h and list the file
 * in local.am; it answers 0, or -1 after one of the report functions has said why;
 *   2. give it its list of options here (a new option first gets its row in option_table.c);
 *   3. add its row below. A name of two words is a member of the group whose row, without a
 * function, stands before it;
 *   4. write docs/man/remint-VERB.1 and list it in docs/local.am: tests/check/man.sh compares the
 * page with this table and runs its examples and those below;
 *   5. add what it must do and what it must refuse to tests/cli/.
 */
#include "config.h"

#include <string.h>

#include "cli/cli.h"

#define O(name) \
	{ \
		.id = OPT_##name \
	}
#define O_AS(name, shown, text) \
	{ \
		.id = OPT_##name, .value = (shown), .help = (text) \
	}
#define O_END \
	{ \
		.id = OPT_NONE \
	}

#define PASSWORD O(PASSWORD_FILE), O(PASSWORD_FD), O(MAX_ITERATIONS)
#define CA_PASSWORD O(CA_PASSWORD_FILE), O(CA_PASSWORD_FD)
#define OUT_PASSWORD O(OUT_PASSWORD_FILE), O(OUT_PASSWORD_FD)
#define OUT_FILE \
	O_AS(OUT, "FILE", "write into FILE instead of standard output"), \
	    O_AS(FORCE, NULL, "replace FILE when it is there already")
#define NAMES O(DNS), O(IP), O(EMAIL), O(URI), O(UPN)
#define WIRE O(LIST), O(SNI), O(CONNECT), O(TIMEOUT), O(PARALLEL)
#define VALIDITY O(DAYS), O(VALIDITY), O(NOT_AFTER)

const struct option_use global_options[] = { O(HOME), O(POLICIES), O(JSON), O(JOBS), O(QUIET),
	O(HELP), O_END };

/* ---- options by verb ----------------------------------------------------- */

static const struct option_use show_options[] = { O_AS(OUT, "FILE",
						      "write into FILE instead of standard output"),
	O_AS(FORCE, NULL, "replace FILE when it is there already"), O(CSV), O(STRICT), O(NO_KEYS),
	O(NO_PEM), WIRE, PASSWORD, O_END };

static const struct option_use audit_options[] = {
	O_AS(FOR, NULL, "who must accept it: a target's name or file, a pattern such as 'sfb-*', or all"),
	O(CHAIN), O(TRUST), O(KEY), O(NAME),
	O_AS(TOPOLOGY, NULL, "judge by the names that the target's role has in this topology"),
	O_AS(SERVER, NULL, "the one server of the pool whose certificate this is (default: any)"),
	O(AT), O(FAIL_ON), O(CSV), WIRE, PASSWORD, O_END };

static const struct option_use lint_options[] = { O(LINTS), O(FAIL_ON), O(CSV), WIRE, PASSWORD, O_END };

static const struct option_use explain_options[] = { O(CHAIN), O(TRUST), O(KEY), O(NAME), O(AT),
	O_AS(LIMIT, NULL, "at most N causes (default 5)"), WIRE, PASSWORD, O_END };

static const struct option_use verify_options[] = { O(AS), O(CAMPAIGN), O(TRUST),
	O_AS(CHAIN, NULL,
	    "intermediates that the target has or would fetch; not used when it trusts roots only"),
	O(CLIENT_CERT), O(KEY), { .id = OPT_NAME, .help = "the host that certificates must name (default: the endpoint's)" },
	O(AT), O(CSV), WIRE, PASSWORD, O_END };

static const struct option_use peer_options[] = { O(AS), O(LISTEN), O(CERT),
	O_AS(KEY, NULL, "the private key of the certificate, when it stands apart"),
	O_AS(CHAIN, NULL, "intermediates to send, and at hand for the certificates of clients"),
	O_AS(TRUST, NULL, "roots of the clients' certificates (default: any root will do)"),
	O_AS(TIMEOUT, NULL, "time for one handshake (default 10s)"), O(CONNECTIONS), O(ONCE),
	O(SECONDS), PASSWORD, O_END };

static const struct option_use ocsp_options[] = {
	O_AS(ALL, NULL, "sign responses in advance for every certificate that has not expired"),
	O_AS(LISTEN, NULL, "answer over HTTP at this place (port 0: any that is free)"),
	O_AS(OUT, "PATH", "the file of the response (default: standard output); with --all a directory for a file each"),
	O_AS(FORCE, NULL, "replace the file; with --all sign anew what holds yet"),
	O_AS(CA, NULL, "the only authority to answer for (default: every one whose key is in the home)"),
	O_AS(NEXT_UPDATE, NULL, "how long an answer holds: 3d (default), 12h"), O(OWN_KEY),
	O_AS(KEY_TYPE, NULL, "kind and size of the signing certificate's key: ec:p256 (default: the template's)"),
	O_AS(CONNECTIONS, NULL, "with --listen: end after N requests"), O_AS(SECONDS, NULL, "with --listen: end after N seconds"),
	CA_PASSWORD, O_END };

static const struct option_use plan_options[] = { O(FOR),
	O_AS(OUT, "FILE", "write the plan into FILE instead of standard output"),
	O_AS(FORCE, NULL, "replace FILE when it is there already"), O(DATABASE), O(SIGNER), O(CA),
	O(ACT_ON), O(CHAIN), O(TRUST), O(KEY), O(NAME), O(TOPOLOGY), O(SERVER), O(AT), WIRE,
	PASSWORD, O_END };

static const struct option_use convert_options[] = { O(TO), O(FOR),
	O_AS(OUT, "PATH",
	    "with --to the file to write (default: standard output), with --for or --split the directory"),
	O(FORCE), O(KEY), O(CHAIN), O(SELECT), O(WITH_ROOT), O(NO_CHAIN), O(NO_KEY), O(CONTENT),
	O_AS(ALL, NULL, "every certificate of the inputs, in their order, instead of one with its chain"), O(SPLIT), O(FILE_NAME),
	O(PROFILE), O(FRIENDLY_NAME), O(CIPHER), O(KDF), O(ORDER), O(SEPARATOR), O(CRLF), O(WIDTH), O(NO_FINAL_NEWLINE), O(CHARSET),
	PASSWORD, OUT_PASSWORD, O_END };

static const struct option_use reissue_options[] = { O(FOR), O(OUT), O(FORCE), O(TEMPLATE), NAMES,
	O(TOPOLOGY),
	O_AS(SERVER, NULL, "the one server of the pool that it is for (default: those it names, else all)"),
	VALIDITY, O(KEY_TYPE), O(KEEP_KEY), O(REQUEST), O(KEY), O(CA), O(DRY_RUN), PASSWORD,
	CA_PASSWORD, OUT_PASSWORD, O_END };

static const struct option_use renew_options[] = { O(FOR), O(OUT), O(FORCE), O(TEMPLATE), VALIDITY,
	O(REQUEST), O(KEY), O(CA), O(DRY_RUN), PASSWORD, CA_PASSWORD, OUT_PASSWORD, O_END };

static const struct option_use rekey_options[] = { O(FOR), O(OUT), O(FORCE), O(TEMPLATE), VALIDITY,
	O(KEY_TYPE), O(REQUEST), O(CA), O(DRY_RUN), PASSWORD, CA_PASSWORD, OUT_PASSWORD, O_END };

static const struct option_use apply_options[] = { O(COMMIT),
	O_AS(OUT, "DIR", "the directory that gets a directory for each device; made when it is absent"),
	O(FORCE), O(KEY), O_AS(CHAIN, NULL, "issuers at hand, for certificates that this home did not issue"),
	O_AS(CERT, "FILE", "what another CA made of the requests: a file, or a directory of them"),
	O(CA), O(CA_TEMPLATE), O(CLOSE), O(CRL), O(CONFIRMED_BY), O(CONNECT), O(TIMEOUT), O(PARALLEL), PASSWORD, CA_PASSWORD, OUT_PASSWORD, O_END };

static const struct option_use issue_options[] = { O(CN), O(SUBJECT), NAMES, O(TOPOLOGY), O(SERVER), O(FOR), O(OUT),
	O(FORCE), O(TEMPLATE), VALIDITY, O(KEY_TYPE), O(CA), O(DRY_RUN), CA_PASSWORD, OUT_PASSWORD,
	O_END };

static const struct option_use request_options[] = { O(CN), O(SUBJECT), NAMES,
	{ .id = OPT_FOR, .help = "keep to the field rules of this target" }, O(TOPOLOGY),
	O(SERVER), O(FROM), O(OUT),
	O(FORCE),
	O_AS(KEY_TYPE, NULL,
	    "kind and size of the new key: rsa:3072, ec:p256 (default: the target's, else "
	    "rsa:2048)"),
	O(DIGEST), O(ON_DEVICE), O_AS(REQUEST, NULL, "a request that a device made, for another CA"), O(CA_TEMPLATE), O(NO_RECORD),
	PASSWORD, CA_PASSWORD, OUT_PASSWORD, O_END };

static const struct option_use accept_options[] = {
	O_AS(FOR, NULL, "who must accept it (default: those that it was asked for)"), O(OUT), O(FORCE), O(KEY), O(CHAIN), O(FAIL_ON),
	O(ANYWAY), PASSWORD, CA_PASSWORD, OUT_PASSWORD, O_END };

static const struct option_use sign_options[] = { O(TEMPLATE), O(FOR),
	O_AS(OUT, "DIR", "a directory for one file a request (default: standard output)"), O(FORCE),
	O(CN), O_AS(SUBJECT, NULL, "a subject in place of the request's"), NAMES, VALIDITY, O(CA),
	O(HOLD), O(ANSWERS), O(NO_PENDING), O(DRY_RUN), CA_PASSWORD, O_END };

static const struct option_use approve_options[] = {
	O_AS(OUT, "DIR", "a directory for one file a request (default: standard output)"), O(FORCE),
	O(DRY_RUN), CA_PASSWORD, O_END };
static const struct option_use deny_options[] = { O(WHY), O_END };

static const struct option_use init_options[] = { O(ROOT_SUBJECT), O(ISSUING_SUBJECT), O(ROOT_KEY),
	O(ISSUING_KEY), O(ROOT_VALIDITY), O(ISSUING_VALIDITY), O(PUBLISH_URL), O(OCSP_URL), O(CRL_SHARDS),
	O(CRL_DELTAS), O(OFFLINE_ROOT),
	O(NO_ISSUING), O(NO_ROOT),
	O_AS(CA_PASSWORD_FILE, NULL, "passphrase that the CA's keys get: the first line of FILE"),
	O(CA_PASSWORD_FD), O(NO_PASSWORD), O_END };

static const struct option_use import_options[] = { O(COMMIT), O(KIND),
	O_AS(KEY, NULL, "a file with private keys that stand elsewhere"),
	O_AS(NO_KEYS, NULL, "leave private keys where they are: nothing can be issued with the CAs then"),
	O_AS(PUBLISH_URL, NULL, "where lists and certificates of the CAs will be published (default: where they were)"),
	O_AS(CRL_SHARDS, NULL, "divide the lists of CAs that issue from now on into N partial ones, for good"), O(CRL_DELTAS),
	WIRE, PASSWORD, CA_PASSWORD, O_END };

static const struct option_use ca_list_options[] = { O_END };
static const struct option_use ca_show_options[] = { O_AS(LIMIT, NULL, "list at most N of its certificates (default 20)"), O_END };
static const struct option_use ca_add_options[] = {
	O_AS(SUBJECT, NULL, "the subject of the CA: \"CN=Example Issuing CA, O=Example\""), O(PARENT),
	{ .id = OPT_TEMPLATE, .help = "what the CA may do (default: issuing-ca)" }, O(KEY_TYPE), O(VALIDITY),
	O(PUBLISH_URL), O(OCSP_URL), O(CRL_SHARDS), O(CRL_DELTAS), O(DEFAULT), CA_PASSWORD, O_END
};
static const struct option_use ca_check_options[] = {
	{ .id = OPT_TEMPLATE, .help = "what is to be issued (default: the target's, else server-client; of a root issuing-ca)" },
	O_AS(FOR, NULL, "who must accept what it issues"), O(FAIL_ON), O_END
};
static const struct option_use ca_ceremony_options[] = {
	O_AS(OUT, "DIR", "the directory that gets certificates and transcript; made when it is absent"), O(FORCE), O(PLACE), O(OPERATOR),
	O(WITNESS), O_AS(CA, NULL, "the root that signs (default: root, or its successor)"),
	{ .id = OPT_TEMPLATE, .help = "what the CAs may do (default: issuing-ca)" }, O_AS(VALIDITY, NULL, "lifetime of their certificates: 10y"),
	O(ROOT_SUBJECT), O(ROOT_KEY), O(ROOT_VALIDITY), O(PUBLISH_URL), O(VERIFY), CA_PASSWORD, O(NO_PASSWORD), O_END
};
static const struct option_use ca_default_options[] = { O_END };
static const struct option_use ca_retire_options[] = { O(WHY), O_END };
static const struct option_use ca_rotate_options[] = {
	O_AS(NAME, "NAME", "what the successor is called here (default: NAME-2)"),
	O_AS(SUBJECT, NULL, "its subject (default: the old one, its common name followed by G2)"), O(SAME_NAME),
	O_AS(KEY_TYPE, NULL, "kind and size of the new key (default: as the old one)"), O(VALIDITY),
	{ .id = OPT_TEMPLATE, .help = "what the CA may do (default: the template of the old one)" }, O(PUBLISH_URL),
	O_AS(CRL_SHARDS, NULL, "divide its revocation list into N partial ones (default: as the old one)"), O(CRL_DELTAS), O(CROSS),
	O(ROTATION_STATUS), O_AS(LIMIT, NULL, "with --status: list at most N certificates of each (default 20)"),
	O_AS(OUT, "FILE", "the certificate with those above, or the request when the issuer's key is elsewhere"), O(FORCE), CA_PASSWORD, O_END
};
static const struct option_use ca_request_options[] = {
	O_AS(NAME, "NAME", "what the authority is called here (default: issuing)"),
	O_AS(SUBJECT, NULL, "the subject of the CA: \"CN=Example Issuing CA, O=Example\""),
	O(KEY_TYPE), O(PUBLISH_URL), O(OCSP_URL), O(CRL_SHARDS), O(CRL_DELTAS), OUT_FILE, CA_PASSWORD, O_END
};
static const struct option_use ca_sign_options[] = {
	O_AS(CA, NULL, "the authority that signs (default: root, or its successor)"),
	{ .id = OPT_TEMPLATE, .help = "what the CA may do (default: issuing-ca)" }, O(VALIDITY),
	OUT_FILE, CA_PASSWORD, O_END
};
static const struct option_use ca_install_options[] = { O_END };
static const struct option_use ca_export_options[] = { O(OUT), O(FORCE), O_END };

static const struct option_use list_options[] = {
	O_AS(NAME, "NAME", "a name in the certificate, or its beginning and a *"), O(SERIAL),
	O(TARGET), { .id = OPT_TEMPLATE, .help = "made by this template" }, O(STATUS),
	O(EXPIRES_BEFORE), O(EXPIRES_AFTER), O(LIMIT), O(AFTER), O(CS_CLIENTS),
	O(PENDING), O_AS(ALL, NULL, "with --pending: also what was issued, denied or withdrawn"), O(CSV), O_END
};
static const struct option_use revoke_options[] = {
	O_AS(LIST, NULL, "more of WHICH, one a line, from FILE or - (# begins a comment)"),
	O_AS(NAME, "PATTERN", "all in force with a name like this: '*.lab.example'"),
	O_AS(KEY, "KEY", "all in force with this key: a file, or the SHA-256 of its public half"),
	O(USER), O(DEVICE),
	O_AS(CAMPAIGN, NULL, "all in force that a plan, when it was applied, replaced"), O(AUTHORITY), O(REASON),
	O_AS(HOLD, NULL, "put on hold, which can be released or made final later"), O(RELEASE),
	O(INVALIDITY_DATE), O(COMMIT), O(CSV), PASSWORD, O_END
};
static const struct option_use crl_options[] = {
	O_AS(OUT, "DIR", "publish in this directory, in place of the lists before"),
	O_AS(FORCE, NULL, "replace there what is no older list of the same CA too"), O(DELTA), O(NEXT_UPDATE), CA_PASSWORD, O_END
};
static const struct option_use report_options[] = { O(HTML),
	O_AS(FORCE, NULL, "replace FILE when it is there already"), O_END };
static const struct option_use blocklist_add_options[] = {
	O_AS(WHY, NULL, "the reason, which is recorded (default: the name of the file)"), O_END
};
static const struct option_use history_options[] = { O(CSV), O_END };
static const struct option_use policy_list_options[] = { O(CSV), O_END };
static const struct option_use status_options[] = { O(NAGIOS), O(WARN_DAYS), O(CRITICAL_DAYS),
	O(EXPIRED_DAYS), O(CA_DAYS), O(MARGIN), O(PENDING_DAYS), O(BACKUP_DAYS), O(CHECKPOINT_DAYS),
	O(NAMES), O_END };
static const struct option_use timer_options[] = { O(SYSTEMD), O(CRON), O(PUBLISH), O(BACKUPS), O(RUN_AS),
	O_AS(NAME, "NAME", "what the units are called: NAME-crl.service (default: remint)"),
	O_AS(CA_PASSWORD_FILE, NULL, "the file with the passphrase, for the jobs that sign"),
	O_AS(OUT, "DIR", "write the files into DIR, which is there, instead of standard output"), O(FORCE), O_END };
static const struct option_use db_check_options[] = { O(QUICK), O(AGAINST), O_END };
static const struct option_use db_backup_options[] = {
	O_AS(OUT, "DIR", "the new directory of the backup, or one that is there and gets it"), O_END };
static const struct option_use db_restore_options[] = {
	O_AS(FORCE, NULL, "move a home that is there aside"), O_END };
static const struct option_use db_checkpoint_options[] = { OUT_FILE, O_END };
static const struct option_use db_export_options[] = { O(TABLE), O(CSV), OUT_FILE, O_END };
static const struct option_use no_options[] = { O_END };

/* ---- examples ------------------------------------------------------------ */

#define EXAMPLES(name, ...) \
	static const struct example name##_examples[] = { __VA_ARGS__, { NULL, NULL } }

EXAMPLES(show, { "What is in these files, whatever their form?", "show old.pem chain.p7b" },
    { "As a document for a program:", "show --json pile.pem >pile.json" },
    { "What does this server send?", "show web.example.com:443" });
EXAMPLES(audit,
    { "Why will a .NET service refuse this certificate?", "audit old.pem --for dotnet-mtls" },
    { "Who takes it, and who does not?", "audit old.pem --for all" },
    { "With the chain as it is served, against the roots that are trusted:",
	"audit old.pem --chain chain.pem --trust root.pem --for rfc5280 --name web.example.com" });
EXAMPLES(lint, { "Is it made as the standards say?", "lint old.pem" },
    { "What is looked at?", "lint --lints" });
EXAMPLES(explain, { "What is behind this error?", "explain 0x80090331" },
    { "Is it this certificate?", "explain 'error 26: unsuitable certificate purpose' old.pem" });
EXAMPLES(verify,
    { "Does a phone that trusts this root take what the pool serves?",
	"verify web.example.com:443 --as openssl-seclevel2 --trust root.pem" },
    { "Mutual TLS as a Front End does it, with its own certificate:",
	"verify web.example.com:443 --as dotnet-mtls --client-cert new/cert.pem --key new/key.pem" });
EXAMPLES(peer,
    { "A server as picky as .NET, with a certificate made on the spot:",
	"peer --as dotnet-mtls --trust root.pem --seconds 2" },
    { "Would a Front End get along with this certificate?",
	"peer --as sfb-front-end --listen 0 --cert old.pfx --password-file old.pass --seconds 2" });
EXAMPLES(plan,
    { "What must be done so that mutual TLS with .NET works everywhere?",
	"plan old.pem new --for dotnet-mtls -o plan.json" },
    { "The same for all that this home issued, to be read by a program:",
	"plan --database --for nginx --json >plan.json" });
EXAMPLES(convert,
    { "A key and a certificate into a PFX:",
	"convert new/cert.pem --key new/key.pem --to pfx -o new.pfx --out-password-file pfx.pass" },
    { "The certificate alone as DER:", "convert new/cert.pem --to der --no-key -o cert.der" },
    { "A key for a device that knows only PKCS#1:", "convert old.key --to pkcs1 -o pkcs1.key" },
    { "Each certificate of a chain in a file of its own:", "convert new/fullchain.pem --to der --split -o certs/" });
EXAMPLES(apply, { "What would be done?", "apply plan.json" },
    { "Do it, and write a directory for each device:",
	"apply plan.json --commit --out bundles/ --out-password-file pfx.pass" });
EXAMPLES(reissue,
    { "A replacement that mutual TLS with .NET accepts, in its files:",
	"reissue old.pem --for dotnet-mtls --out-password-file pfx.pass --out replacement/" },
    { "The same for a key that must stay:",
	"reissue old.pem --key old.key --keep-key --template server-client --out kept/" });
EXAMPLES(renew, { "New dates for a certificate whose key is at hand:",
		    "renew new/cert.pem --key new/key.pem --out renewed/" });
EXAMPLES(rekey, { "The same content on a new key:", "rekey new/cert.pem --out rekeyed/" });
EXAMPLES(issue, { "A key and a certificate for a host:", "issue --dns web.example.com --out web/" },
    { "With a full subject, for thirty days:",
	"issue --subject 'CN=app.example.com, O=Example' --days 30 --out app/" },
    { "For a user on a device:",
	"issue -t user-device --cn user1@example.com --uri sip:user1@example.com "
	"--out user1/" });
EXAMPLES(request,
    { "A request and its key:",
	"request --subject 'CN=mail.example.com, O=Example, C=NL' --out mail/" },
    { "One that repeats what an old certificate says:", "request --from old.pem --out again/" },
    { "What to enter on a gateway that makes its own key:",
	"request --for symantec-gateway --on-device --no-record "
	"--subject 'CN=mail.example.com, O=Example, L=Utrecht, ST=Utrecht, C=NL'" });
EXAMPLES(accept,
    { "The answer of a CA, with its chain:", "accept new.cer --chain chain.p7b --out bundle/" });
EXAMPLES(sign,
    { "Certify a request; certificate and chain go to standard output:",
	"sign host.csr >host.pem" },
    { "Every request of a directory, with a template of its own:",
	"sign requests/ --template web-server --out signed/" },
    { "Check one and keep it until somebody has approved it:", "sign host.csr --hold" });
EXAMPLES(approve, { "Issue what was held as number 1:", "approve 1 >approved.pem" });
EXAMPLES(deny, { "It will not be issued:", "deny 2 --why 'the host is gone'" });
EXAMPLES(init,
    { "A lab PKI whose keys stand under a passphrase:",
	"init --home lab --ca-password-file ca.pass" },
    { "With addresses for CRLs and CA certificates, and a root in a home of its own:",
	"init --home issuing --offline-root rootca --publish-url http://pki.example.com/ "
	"--ca-password-file ca.pass" },
    { "A home whose issuing CA is certified by a root elsewhere (see remint help ca request):",
	"init --home branch --no-root --ca-password-file ca.pass" });
EXAMPLES(import, { "What would be taken over?", "import demoCA --password-file demoCA.pass" },
    { "Take it over, with the key of the CA:", "import demoCA --commit --password-file demoCA.pass" });
EXAMPLES(ca_list, { "Which authorities are here?", "ca list" });
EXAMPLES(ca_show, { "What still hangs on the old one?", "ca show issuing" });
EXAMPLES(ca_add, { "A second issuing CA under the same root:",
		     "ca add devices --subject 'CN=Device CA, O=Example' --ca-password-file ca.pass" });
EXAMPLES(ca_check, { "May the CA issue for these servers?", "ca check --for nginx" });
EXAMPLES(ca_ceremony,
    { "Make a root on a machine without a network, before two witnesses:",
	"ca ceremony --home vault --root-subject 'CN=Example Root CA, O=Example' --place Utrecht --operator 'A. Bakker' "
	"--witness 'C. Dijk' --witness 'E. Faber' --out ceremony --ca-password-file ca.pass" },
    { "Is the record what the root signed?", "ca ceremony --verify ceremony/transcript.txt ceremony/root.pem" });
EXAMPLES(ca_default, { "Issue by it when no authority is named:", "ca default devices" });
EXAMPLES(ca_retire, { "It signs no more certificates, but goes on with its CRLs:", "ca retire issuing --why 'succeeded by issuing-2'" });
EXAMPLES(ca_rotate, { "A new key beside the old one:", "ca rotate issuing --ca-password-file ca.pass" },
    { "Which certificates still hang on the old one, and until when?", "ca rotate --status" });
EXAMPLES(ca_request, { "Ask a root elsewhere to certify an issuing CA:",
			 "ca request --home branch --subject 'CN=Branch CA, O=Example' "
			 "--ca-password-file ca.pass >branch.csr" });
EXAMPLES(ca_sign, { "Certify it in the home of the root:", "ca sign branch.csr >branch.pem" });
EXAMPLES(ca_install, { "Take the certificate home, with the chain that came along:",
			 "ca install --home branch branch.pem" });
EXAMPLES(ca_export, { "Files for whoever must trust the CA:", "ca export --out distribution/" });
EXAMPLES(list, { "What expires before the new year?", "list --expires-before 2027-01-01" },
    { "Everything for a domain, for a spreadsheet:", "list --name 'web*' --csv" },
    { "What is still owed, and by whom?", "list --pending" });
EXAMPLES(crl, { "The lists of every CA of the home:", "crl --out published" },
    { "In between, what changed since:", "crl issuing --delta --out published" });
EXAMPLES(revoke,
    { "One certificate:", "revoke new/cert.pem --reason superseded" },
    { "All that a user has; without --commit they are only shown:",
	"revoke --user sip:user1@example.com --commit" });
EXAMPLES(ocsp, { "Answer a request that was saved in a file:", "ocsp request.der --out response.der" },
    { "Sign in advance for all certificates, with a file for each server to staple:", "ocsp --all --out responses" },
    { "Answer over HTTP:", "ocsp --listen 127.0.0.1:0 --seconds 2" });
EXAMPLES(report, { "How far is it, and who is next?", "report campaign.json" },
    { "A page to show and to print:", "report campaign.json --html report.html" });
EXAMPLES(history, { "What stood before and after this certificate?", "history web.example.com" });
EXAMPLES(template_list, { "Which templates are there?", "template list" });
EXAMPLES(template_show, { "What does this one issue?", "template show server-client" });
EXAMPLES(template_check, { "Is my own file right?", "template check my-template.cfg" });
EXAMPLES(target_list, { "Who can be judged for?", "target list" });
EXAMPLES(target_show, { "What does this one accept?", "target show dotnet-mtls" });
EXAMPLES(target_check, { "Is my own file right?", "target check my-target.cfg" });
EXAMPLES(status, { "How does the CA stand?", "status --warn-days 14" },
    { "For a program that watches:", "status --warn-days 14 --json >status.json" });
EXAMPLES(timer, { "All that a CA needs, as units of systemd:", "timer --publish public --run-as ca --out units" },
    { "As lines for the own crontab:", "timer --cron status backup" });
EXAMPLES(blocklist_add,
    { "A key that was found in a public repository:", "blocklist add found.key --why 'published by mistake'" },
    { "The key of a certificate:", "blocklist add found.pem" });
EXAMPLES(blocklist_list, { "Which keys are blocked?", "blocklist list" });
EXAMPLES(db_check, { "Is the database what was written to it, every signature included?", "db check" },
    { "Was the end of the event log cut off since then?", "db check --quick --against head.txt" });
EXAMPLES(db_backup, { "While the CA goes on working:", "db backup --out ca-backup" });
EXAMPLES(db_restore, { "A home from it, on another machine or after a disaster:",
			 "db restore sunday-backup --home restored" });
EXAMPLES(db_checkpoint, { "Keep this where the home's user cannot write:", "db checkpoint >today.txt" });
EXAMPLES(db_export, { "Every certificate, one JSON object a line:", "db export --table certificates >all.jsonl" },
    { "Who was revoked, for a spreadsheet:", "db export --table revocations --csv" });
EXAMPLES(completion, { "Load it into this shell:", "completion bash >remint.bash" });
EXAMPLES(version, { "Which version is this?", "version" });
EXAMPLES(help, { "What does issue take?", "help issue" });

/* ---- commands ------------------------------------------------------------ */

#define ARGUMENTS(text, at_least, at_most, what) \
	.arguments = (text), .least = (at_least), .most = (at_most), .takes = (what)
#define GIVES(verb, options_of, statuses, function) \
	.options = options_of##_options, .examples = verb##_examples, .exits = (statuses), \
	.run = (function)

const struct command command_table[] = {
	{ .name = "show",
	    .task = "See what is there",
	    .summary = "show what is in files of any form, and what servers send",
	    .text = "PEM, DER, PKCS#7, PKCS#12, requests, CRLs, keys; a directory stands for its "
		    "files, - for standard input. HOST:PORT, https://HOST, smtp://HOST, imap://, "
		    "pop3://, ldap:// and sip:// stand for the chain as a server sends it.",
	    ARGUMENTS("FILE|HOST:PORT...", 0, -1, TAKES_FILE),
	    GIVES(show, show, "3457", cmd_show) },
	{ .name = "audit",
	    .summary = "say who would refuse a certificate, and why",
	    .text = "Judges each certificate against each --for TARGET, and the chain of a server as "
		    "it is sent. Without --trust a missing root is information only.",
	    ARGUMENTS("FILE|HOST:PORT...", 0, -1, TAKES_FILE),
	    GIVES(audit, audit, "1357", cmd_audit) },
	{ .name = "lint",
	    .summary = "say where a certificate departs from the standards",
	    .text = "Holds each certificate, CAs' included, against RFC 5280 and what goes with it, whoever its "
		    "consumer is. Whatever this program issues has passed the same lints.",
	    ARGUMENTS("FILE|HOST:PORT...", 0, -1, TAKES_FILE),
	    GIVES(lint, lint, "1357", cmd_lint) },
	{ .name = "verify",
	    .summary = "connect as a target does, and say what it would see",
	    .text = "Every address of each HOST:PORT, https://HOST, smtp://HOST, imap://, pop3://, "
		    "ldap:// or sip:// is asked, and compared with the database of the home when "
		    "there is one.",
	    ARGUMENTS("HOST:PORT...", 0, -1, TAKES_TEXT),
	    GIVES(verify, verify, "134567", cmd_verify) },
	{ .name = "explain",
	    .summary = "say what may be behind an error message, and prove it",
	    .text = "SYMPTOM is one argument: a code, a log line or a message as it was pasted, or - "
		    "for standard input. With FILE or HOST:PORT each cause is tried on what is in "
		    "it, or on what that server sends.",
	    ARGUMENTS("SYMPTOM [FILE|HOST:PORT...]", 1, -1, TAKES_FILE),
	    GIVES(explain, explain, "1357", cmd_explain) },

	{ .name = "peer",
	    .summary = "serve TLS as a target would, to try clients and certificates in the lab",
	    .text = "Takes of its clients what the target takes, sends what the target sends, says one line of "
		    "HTTP to whom it accepted, and prints a line for every connection. Listens on 127.0.0.1 unless "
		    "an address is named, and ends on SIGINT or SIGTERM.",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(peer, peer, "3457", cmd_peer) },

	{ .name = "plan",
	    .task = "Run a campaign",
	    .summary = "propose what to do about each certificate, as a file to edit",
	    .text = "One item for each certificate, however many places it stands in: keep, convert, "
		    "fix-chain, reissue, rekey or replace-ca, and what each step clears. Nothing is "
		    "changed. The file is for people to read, edit and compare.",
	    ARGUMENTS("FILE|HOST:PORT...", 0, -1, TAKES_FILE),
	    GIVES(plan, plan, "134567", cmd_plan) },
	{ .name = "apply",
	    .summary = "carry out a plan: issue, write bundles, close",
	    .text = "Says what would be done about each item of the plan; with --commit does it, from whatever "
		    "state an earlier run has left. What fails is tried again by the next run.",
	    ARGUMENTS("PLAN", 1, 1, TAKES_FILE),
	    GIVES(apply, apply, "134567", cmd_apply) },
	{ .name = "report",
	    .summary = "say how far a campaign is, as text or as a page",
	    .text = "Reads the plan, and how far each item has come from the database of the home when there "
		    "is one. The page needs nothing but itself, and may be printed.",
	    ARGUMENTS("PLAN", 1, 1, TAKES_FILE),
	    GIVES(report, report, "346", cmd_report) },

	{ .name = "reissue",
	    .task = "Replace",
	    .summary = "make a compliant replacement for a certificate",
	    .text = "The subject and the names stay, policy may change, the key is new unless "
		    "--keep-key. The old certificate may come from any CA; serial:HEX names one in "
		    "the database. Writes cert.pem, chain.pem, fullchain.pem and key.pem, and the "
		    "targets' own files beside them.",
	    ARGUMENTS("FILE...", 1, -1, TAKES_FILE),
	    GIVES(reissue, reissue, "13467", cmd_reissue) },
	{ .name = "renew",
	    .summary = "same key and content, new dates",
	    .text = "Needs the private key (--key), a fresh request made with it (--request), or a "
		    "record that possession was proved.",
	    ARGUMENTS("FILE...", 1, -1, TAKES_FILE),
	    GIVES(renew, renew, "13467", cmd_renew) },
	{ .name = "rekey",
	    .summary = "same content on a new key",
	    ARGUMENTS("FILE...", 1, -1, TAKES_FILE),
	    GIVES(rekey, rekey, "13467", cmd_rekey) },
	{ .name = "convert",
	    .summary = "write the same certificate in another form, or as a device wants it",
	    .text = "Finds the leaf, its key and its chain in a pile of any order, or a key, a request or a CRL that "
		    "stands alone, and reads back what it wrote.",
	    ARGUMENTS("FILE...", 1, -1, TAKES_FILE),
	    GIVES(convert, convert, "347", cmd_convert) },

	{ .name = "issue",
	    .task = "Issue",
	    .summary = "make a key and a certificate",
	    .text = "Writes cert.pem, chain.pem, fullchain.pem and key.pem into --out DIR, and the "
		    "targets' own files beside them.",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(issue, issue, "13467", cmd_issue) },
	{ .name = "sign",
	    .summary = "make certificates from requests",
	    .text = "PEM or DER, files, directories or -. What the template does not let a request "
		    "decide is dropped and reported.",
	    ARGUMENTS("FILE...", 1, -1, TAKES_FILE),
	    GIVES(sign, sign, "13467", cmd_sign) },
	{ .name = "approve",
	    .summary = "issue requests that were held",
	    .text = "ID is a number of remint list --pending. Each is issued as it was held; one that was "
		    "issued before is handed over again.",
	    ARGUMENTS("ID...", 1, -1, TAKES_TEXT),
	    GIVES(approve, approve, "13467", cmd_approve) },
	{ .name = "deny",
	    .summary = "end pending requests without a certificate",
	    .text = "ID is a number of remint list --pending. What waits for a device or for another CA is "
		    "withdrawn.",
	    ARGUMENTS("ID...", 1, -1, TAKES_TEXT),
	    GIVES(deny, deny, "16", cmd_deny) },
	{ .name = "request",
	    .summary = "make a key and a certificate request",
	    .text = "Writes request.pem, request.der, key.pem, request.inf and REQUEST.txt into --out DIR. A home keeps the key and "
		    "waits for the answer (accept). --on-device prints what to tell a device that makes its own key, and the home "
		    "waits for its request (sign).",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(request, request, "3467", cmd_request) },
	{ .name = "accept",
	    .summary = "take in what another CA made of a request",
	    .text = "Finds the pending request by the key of the certificate, judges the certificate for its targets, records it, and "
		    "writes its bundle with key and chain into --out DIR. What a target would refuse is left alone.",
	    ARGUMENTS("FILE...", 1, -1, TAKES_FILE),
	    GIVES(accept, accept, "13467", cmd_accept) },

	{ .name = "init",
	    .task = "Run the CA",
	    .summary = "make a CA home: a root and an issuing CA",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(init, init, "3467", cmd_init) },
	{ .name = "import",
	    .summary = "take over what other CAs left",
	    .text = "SOURCE is a directory of openssl ca or easy-rsa, a database of cfssl, XCA or gnoMint, a listing "
		    "of certutil -view, a file or directory of certificates, CRLs and keys, or an endpoint. Nothing is "
		    "written without --commit, and what is there already is not taken twice.",
	    ARGUMENTS("SOURCE...", 0, -1, TAKES_FILE),
	    GIVES(import, import, "34567", cmd_import) },
	{ .name = "ca",
	    .summary = "the authorities of a home: list, add, check, rotate, retire, ceremony, request, export" },
	{ .name = "ca list",
	    .summary = "list the authorities",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(ca_list, ca_list, "6", cmd_ca_list) },
	{ .name = "ca show",
	    .summary = "one authority, and what hangs on it",
	    ARGUMENTS("NAME", 1, 1, TAKES_TEXT),
	    GIVES(ca_show, ca_show, "6", cmd_ca_show) },
	{ .name = "ca add",
	    .summary = "one more CA, certified by another one of this home",
	    .text = "For a CA that is certified elsewhere see remint help ca request.",
	    ARGUMENTS("NAME", 1, 1, TAKES_TEXT),
	    GIVES(ca_add, ca_add, "467", cmd_ca_add) },
	{ .name = "ca ceremony",
	    .summary = "make an offline root and certify CAs by it, with a signed record",
	    .text = "FILEs are requests of CAs, with --verify what is held against the record. A home that is not there yet is made.",
	    ARGUMENTS("[FILE...]", 0, -1, TAKES_FILE),
	    GIVES(ca_ceremony, ca_ceremony, "13467", cmd_ca_ceremony) },
	{ .name = "ca check",
	    .summary = "may an authority issue this, and will targets take it?",
	    ARGUMENTS("[NAME]", 0, 1, TAKES_TEXT),
	    GIVES(ca_check, ca_check, "146", cmd_ca_check) },
	{ .name = "ca default",
	    .summary = "choose the authority that issues when none is named",
	    ARGUMENTS("NAME", 1, 1, TAKES_TEXT),
	    GIVES(ca_default, ca_default, "46", cmd_ca_default) },
	{ .name = "ca rotate",
	    .summary = "a successor with a new key beside an authority",
	    .text = "The successor takes the place of the old one wherever no authority is named; the old one goes on as it is, until ca retire. "
		    "An interrupted call is finished by the same call.",
	    ARGUMENTS("[NAME]", 0, 1, TAKES_TEXT),
	    GIVES(ca_rotate, ca_rotate, "467", cmd_ca_rotate) },
	{ .name = "ca retire",
	    .summary = "no more certificates by this authority",
	    .text = "It still signs CRLs and OCSP responses for what it issued.",
	    ARGUMENTS("NAME", 1, 1, TAKES_TEXT),
	    GIVES(ca_retire, ca_retire, "46", cmd_ca_retire) },
	{ .name = "ca request",
	    .summary = "make a key and a request for a CA that a root elsewhere certifies",
	    .text = "The request goes to standard output or to --out FILE, the key stays in the home. The authority "
		    "is pending until ca install.",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(ca_request, ca_request, "467", cmd_ca_request) },
	{ .name = "ca sign",
	    .summary = "certify another home's CA with this home's root",
	    .text = "Certificate and issuers go to standard output or to --out FILE.",
	    ARGUMENTS("REQUEST", 1, 1, TAKES_FILE),
	    GIVES(ca_sign, ca_sign, "3467", cmd_ca_sign) },
	{ .name = "ca install",
	    .summary = "complete a pending authority with the certificate that came back",
	    ARGUMENTS("FILE...", 1, -1, TAKES_FILE),
	    GIVES(ca_install, ca_install, "3467", cmd_ca_install) },
	{ .name = "ca export",
	    .summary = "write roots and chains for distribution: CER, PEM and P7B",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(ca_export, ca_export, "346", cmd_ca_export) },
	{ .name = "list",
	    .summary = "search the database",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(list, list, "6", cmd_list) },
	{ .name = "revoke",
	    .summary = "take certificates back, one or all of a user or device",
	    .text = "WHICH is a serial number, a file, a number of the database, or a name that one "
		    "certificate alone has. More than one, or a CA's, is only shown, until --commit is given. Others "
		    "learn of it from the next list (remint crl).",
	    ARGUMENTS("[WHICH...]", 0, -1, TAKES_FILE),
	    GIVES(revoke, revoke, "1346", cmd_revoke) },
	{ .name = "crl",
	    .summary = "sign and publish revocation lists, complete or as deltas",
	    .text = "Without CA, the lists of every authority whose key is in this home. Each is "
		    "written as NAME.crl and NAME.crl.pem.",
	    ARGUMENTS("[CA]", 0, 1, TAKES_TEXT),
	    GIVES(crl, crl, "13467", cmd_crl) },
	{ .name = "ocsp",
	    .summary = "answer whether certificates are revoked: a request, all in advance, or over HTTP",
	    .text = "Answers are signed by a short-lived certificate that the authority issued for this, which is made when "
		    "there is none. A response kept in the database is dropped when its certificate is revoked, put on hold "
		    "or released.",
	    ARGUMENTS("[REQUEST]", 0, 1, TAKES_FILE),
	    GIVES(ocsp, ocsp, "134567", cmd_ocsp) },
	{ .name = "blocklist", .summary = "keys that are certified for nobody: add, list" },
	{ .name = "blocklist add",
	    .summary = "block keys for good",
	    .text = "WHAT is the SHA-256 of a public key, a file of hashes, or a file with certificates, "
		    "requests or keys. Whichever way a blocked key comes, it is refused.",
	    ARGUMENTS("WHAT...", 1, -1, TAKES_FILE),
	    GIVES(blocklist_add, blocklist_add, "367", cmd_blocklist_add) },
	{ .name = "blocklist list",
	    .summary = "list the blocked keys",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(blocklist_list, policy_list, "6", cmd_blocklist_list) },
	{ .name = "history",
	    .summary = "show what a certificate replaced, and what replaced it",
	    .text = "WHICH is a serial number, a name, a file, or a number of the database.",
	    ARGUMENTS("WHICH", 1, 1, TAKES_FILE),
	    GIVES(history, history, "136", cmd_history) },
	{ .name = "status",
	    .summary = "say on one page what ends, what waits and what is stale",
	    .text = "Exits with 1 when anything needs looking at, so that cron can tell.",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(status, status, "16", cmd_status) },
	{ .name = "timer",
	    .summary = "print timers of systemd or cron for what must be done regularly",
	    .text = "JOB is crl, delta, ocsp, status, backup or check (default: all that apply). Nothing is installed.",
	    .choices = "crl delta ocsp status backup check",
	    ARGUMENTS("[JOB...]", 0, -1, TAKES_CHOICE),
	    GIVES(timer, timer, "346", cmd_timer) },
	{ .name = "db", .summary = "the database: check, backup, restore, checkpoint, export" },
	{ .name = "db check",
	    .summary = "check the database, its chain of events and every signature",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(db_check, db_check, "36", cmd_db_check) },
	{ .name = "db backup",
	    .summary = "copy database, keys and policies while the CA works on",
	    .text = "Into a new directory (default: beside the home), which appears when it was read back and found sound.",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(db_backup, db_backup, "346", cmd_db_backup) },
	{ .name = "db restore",
	    .summary = "make a home from a backup",
	    .text = "--home names the home to be made. What was issued or revoked after the backup is not in it.",
	    ARGUMENTS("BACKUP", 1, 1, TAKES_DIRECTORY),
	    GIVES(db_restore, db_restore, "346", cmd_db_restore) },
	{ .name = "db checkpoint",
	    .summary = "write down the head of the event log, to be kept elsewhere",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(db_checkpoint, db_checkpoint, "46", cmd_db_checkpoint) },
	{ .name = "db export",
	    .summary = "write the tables as JSON lines or CSV",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(db_export, db_export, "46", cmd_db_export) },

	{ .name = "target",
	    .task = "Policies",
	    .summary = "who must accept a certificate: list, show, check" },
	{ .name = "target list",
	    .summary = "list the targets",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(target_list, policy_list, "3", cmd_target_list) },
	{ .name = "target show",
	    .summary = "show a target with its rules",
	    ARGUMENTS("NAME", 1, 1, TAKES_TARGET),
	    GIVES(target_show, no, "3", cmd_target_show) },
	{ .name = "target check",
	    .summary = "check target files",
	    ARGUMENTS("NAME...", 1, -1, TAKES_TARGET),
	    GIVES(target_check, no, "3", cmd_target_check) },
	{ .name = "template", .summary = "what is issued: list, show, check" },
	{ .name = "template list",
	    .summary = "list the templates",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(template_list, policy_list, "3", cmd_template_list) },
	{ .name = "template show",
	    .summary = "show a template with what it inherits",
	    ARGUMENTS("NAME", 1, 1, TAKES_TEMPLATE),
	    GIVES(template_show, no, "3", cmd_template_show) },
	{ .name = "template check",
	    .summary = "check template files",
	    ARGUMENTS("NAME...", 1, -1, TAKES_TEMPLATE),
	    GIVES(template_check, no, "3", cmd_template_check) },

	{ .name = "help",
	    .task = "This program",
	    .summary = "show the overview, or the help of one command",
	    ARGUMENTS("[COMMAND]", 0, 2, TAKES_VERB),
	    GIVES(help, no, "", cmd_help) },
	{ .name = "version",
	    .summary = "print the version",
	    ARGUMENTS("", 0, 0, TAKES_NOTHING),
	    GIVES(version, no, "", cmd_version) },
	{ .name = "completion",
	    .summary = "write completions for bash, zsh or fish",
	    .choices = "bash zsh fish",
	    ARGUMENTS("SHELL", 1, 1, TAKES_CHOICE),
	    GIVES(completion, no, "", cmd_completion) },
	{ .name = NULL },
};

/* ---- look-up ------------------------------------------------------------- */

const struct command *
command_named(const char *name)
{
	for (const struct command *command = command_table; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

bool
command_in(const struct command *command, const struct command *group)
{
	size_t length = strlen(group->name);

	return strncmp(command->name, group->name, length) == 0 && command->name[length] == ' ';
}

const struct option_use *
command_option(const struct command *command, enum option_id id)
{
	for (const struct option_use *use = command ? command->options : NULL;
	     use && use->id != OPT_NONE; use++)
		if (use->id == id)
			return use;
	for (const struct option_use *use = global_options; use->id != OPT_NONE; use++)
		if (use->id == id)
			return use;
	return NULL;
}
