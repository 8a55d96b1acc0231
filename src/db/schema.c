/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/schema.c - the tables, one step per version.
 *
 * To change the schema: (1) append a step here with the next version and the SQL that leads to it,
 * never edit a step that was released; (2) add a row to the migration test. What is issued and what
 * happened is only ever inserted: triggers refuse UPDATE and DELETE.
 *
 * A certificate has the id of its to-be-signed bytes, so that neither needs an index to find the
 * other; certificates made elsewhere draw ids from the same sequence. Uniqueness of (authority,
 * serial) stands on tbs, and on certificates for those without a tbs row; that no row of one meets
 * one of the other is looked up before inserting, because an insert with a trigger would copy every
 * page it touches. Random keys are what an insert costs: a fingerprint is therefore found by the
 * serial, the hash of a key by its first 8 bytes, texts that repeat are terms, and expiry is
 * indexed within blocks of 4096 ids, where new rows fall on pages already in use and a page of a
 * listing by id is still found by seeking.
 */
#include "config.h"

#include "db/local.h"

#define APPEND_ONLY(table) \
	"CREATE TRIGGER " table "_no_update BEFORE UPDATE ON " table \
	" BEGIN SELECT RAISE(ABORT, '" table " is append-only'); END;\n" \
	"CREATE TRIGGER " table "_no_delete BEFORE DELETE ON " table \
	" BEGIN SELECT RAISE(ABORT, '" table " is append-only'); END;\n"

static const char version_1[] =
    "CREATE TABLE settings ("
    " name TEXT PRIMARY KEY,"
    " value TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;\n"

    /* Texts that many rows share: names of templates, targets and issuers. */
    "CREATE TABLE terms ("
    " id INTEGER PRIMARY KEY,"
    " text TEXT NOT NULL UNIQUE"
    ") STRICT;\n" APPEND_ONLY("terms")

	"CREATE TABLE events ("
	" id INTEGER PRIMARY KEY,"
	" at INTEGER NOT NULL,"
	" kind TEXT NOT NULL,"
	" text TEXT NOT NULL,"
	" hash BLOB NOT NULL CHECK (length(hash) = 32)"
	") STRICT;\n" APPEND_ONLY("events")

	    "CREATE TABLE authorities ("
	    " id INTEGER PRIMARY KEY,"
	    " name TEXT NOT NULL UNIQUE,"
	    " state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),"
	    " certificate BLOB,"
	    " spki_hash BLOB NOT NULL CHECK (length(spki_hash) = 32),"
	    " key_here INTEGER NOT NULL CHECK (key_here IN (0, 1)),"
	    " parent INTEGER REFERENCES authorities (id),"
	    " crl_uri TEXT NOT NULL,"
	    " ocsp_uri TEXT NOT NULL,"
	    " ca_uri TEXT NOT NULL,"
	    " CHECK ((state = 0) = (certificate IS NULL))"
	    ") STRICT;\n"
	    /* pending (0) -> active (1) takes the certificate and the parent; active -> retired (2)
	       changes nothing else. */
	    "CREATE TRIGGER authorities_update BEFORE UPDATE ON authorities"
	    " WHEN NOT (NEW.id = OLD.id AND NEW.name = OLD.name AND NEW.spki_hash = OLD.spki_hash"
	    "  AND NEW.key_here = OLD.key_here AND NEW.crl_uri = OLD.crl_uri"
	    "  AND NEW.ocsp_uri = OLD.ocsp_uri AND NEW.ca_uri = OLD.ca_uri"
	    "  AND ((OLD.state = 0 AND NEW.state = 1) OR (OLD.state = 1 AND NEW.state = 2"
	    "   AND NEW.certificate IS OLD.certificate AND NEW.parent IS OLD.parent)))"
	    " BEGIN SELECT RAISE(ABORT, 'an authority only goes from pending to active to "
	    "retired'); END;\n"
	    "CREATE TRIGGER authorities_no_delete BEFORE DELETE ON authorities"
	    " BEGIN SELECT RAISE(ABORT, 'authorities are never deleted'); END;\n"

	    "CREATE TABLE requests ("
	    " id INTEGER PRIMARY KEY,"
	    " state TEXT NOT NULL CHECK (state IN ('made', 'signed')),"
	    " recorded INTEGER NOT NULL,"
	    " spki_hash BLOB NOT NULL CHECK (length(spki_hash) = 32),"
	    " subject TEXT NOT NULL,"
	    " targets TEXT NOT NULL,"
	    " der BLOB NOT NULL"
	    ") STRICT;\n"
	    "CREATE INDEX requests_key ON requests (substr(spki_hash, 1, 8)) WHERE state = 'made';\n" APPEND_ONLY(
		"requests")

    /* Processes that persisted to-be-signed bytes: one is gone when its pid has another start or
       another boot. */
    "CREATE TABLE owners ("
    " id INTEGER PRIMARY KEY,"
    " pid INTEGER NOT NULL,"
    " start INTEGER NOT NULL,"
    " boot TEXT NOT NULL,"
    " space TEXT NOT NULL"
    ") STRICT;\n" APPEND_ONLY("owners")

	"CREATE TABLE tbs ("
	" id INTEGER PRIMARY KEY,"
	" authority INTEGER NOT NULL REFERENCES authorities (id),"
	" serial BLOB NOT NULL CHECK (length(serial) > 0),"
	" recorded INTEGER NOT NULL,"
	" owner INTEGER NOT NULL REFERENCES owners (id),"
	" bytes BLOB NOT NULL,"
	" UNIQUE (serial, authority)"
	") STRICT;\n" APPEND_ONLY("tbs")

    /* The tbs rows whose certificate is not recorded: a work list, checked by "db check". The
       columns are what the certificate will be recorded with. */
    "CREATE TABLE unsigned ("
    " tbs INTEGER PRIMARY KEY REFERENCES tbs (id),"
    " template TEXT NOT NULL,"
    " targets TEXT NOT NULL,"
    " supersedes INTEGER REFERENCES certificates (id),"
    " proved INTEGER NOT NULL CHECK (proved IN (0, 1))"
    ") STRICT;\n"

    "CREATE TABLE certificates ("
    " id INTEGER PRIMARY KEY,"
    " tbs INTEGER REFERENCES tbs (id) CHECK (tbs = id),"
    " authority INTEGER REFERENCES authorities (id),"
    " issuer INTEGER NOT NULL REFERENCES terms (id),"
    " serial BLOB NOT NULL,"
    " fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),"
    " spki_hash BLOB NOT NULL CHECK (length(spki_hash) = 32),"
    " subject TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL,"
    " recorded INTEGER NOT NULL,"
    " template INTEGER REFERENCES terms (id),"
    " targets TEXT NOT NULL,"
    " supersedes INTEGER REFERENCES certificates (id) CHECK (supersedes <> id),"
    " proved INTEGER NOT NULL CHECK (proved IN (0, 1)),"
    " request INTEGER REFERENCES requests (id)"
    ") STRICT;\n" APPEND_ONLY(
	"certificates") "CREATE INDEX certificates_key ON certificates (substr(spki_hash, 1, 8));\n"
			"CREATE INDEX certificates_expiry ON certificates (id >> 12, not_after);\n"
			"CREATE INDEX certificates_template ON certificates (template) WHERE "
			"template IS NOT NULL;\n"
			"CREATE INDEX certificates_supersedes ON certificates (supersedes)"
			" WHERE supersedes IS NOT NULL;\n"
			"CREATE UNIQUE INDEX certificates_serial ON certificates (serial, "
			"authority)"
			" WHERE tbs IS NULL;\n"
			"CREATE UNIQUE INDEX certificates_foreign ON certificates (fingerprint) "
			"WHERE tbs IS NULL;\n"

			/* Apart from the row, so that listings do not read through a kilobyte of
			   DER for each. */
			"CREATE TABLE certificate_der ("
			" certificate INTEGER PRIMARY KEY REFERENCES certificates (id),"
			" der BLOB NOT NULL"
			") STRICT;\n" APPEND_ONLY("certificate_der")

    /* `name` is NULL where folding changes nothing. */
    "CREATE TABLE certificate_names ("
    " certificate INTEGER NOT NULL REFERENCES certificates (id),"
    " position INTEGER NOT NULL,"
    " folded BLOB NOT NULL,"
    " name TEXT,"
    " PRIMARY KEY (certificate, position)"
    ") STRICT, WITHOUT ROWID;\n" APPEND_ONLY(
	"certificate_names") "CREATE INDEX certificate_names_folded ON certificate_names (folded, "
			     "certificate);\n"

			     "CREATE TABLE certificate_targets ("
			     " target INTEGER NOT NULL REFERENCES terms (id),"
			     " certificate INTEGER NOT NULL REFERENCES certificates (id),"
			     " PRIMARY KEY (target, certificate)"
			     ") STRICT, WITHOUT ROWID;\n" APPEND_ONLY("certificate_targets")

    /* Certificates revoked as of now. */
    "CREATE TABLE revoked ("
    " certificate INTEGER PRIMARY KEY REFERENCES certificates (id),"
    " at INTEGER NOT NULL,"
    " reason INTEGER NOT NULL"
    ") STRICT;\n";

/* Campaigns: which plan was begun, and how far each of its items has come. The items say what is;
   what was stands in the log, since every change is an event and the row names its last one. An
   item keeps for good what it was given: its to-be-signed bytes, so that it never gets a second
   certificate. */
static const char version_2[] =
    "CREATE TABLE campaigns ("
    " id INTEGER PRIMARY KEY,"
    " plan TEXT NOT NULL UNIQUE,"
    " file TEXT NOT NULL,"
    " sha256 BLOB NOT NULL CHECK (length(sha256) = 32),"
    " started INTEGER NOT NULL,"
    " event INTEGER NOT NULL REFERENCES events (id)"
    ") STRICT;\n" APPEND_ONLY("campaigns")

	"CREATE TABLE campaign_items ("
	" campaign INTEGER NOT NULL REFERENCES campaigns (id),"
	" item TEXT NOT NULL,"
	" state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 7),"
	" asked BLOB NOT NULL CHECK (length(asked) = 32),"
	" previous INTEGER REFERENCES certificates (id),"
	" tbs INTEGER REFERENCES tbs (id),"
	" certificate INTEGER REFERENCES certificates (id),"
	" request INTEGER REFERENCES requests (id),"
	" attempts INTEGER NOT NULL CHECK (attempts >= 0),"
	" why TEXT NOT NULL,"
	" confirmed_by TEXT NOT NULL,"
	" at INTEGER NOT NULL,"
	" event INTEGER NOT NULL REFERENCES events (id),"
	" owner INTEGER REFERENCES owners (id),"
	" PRIMARY KEY (campaign, item),"
	" CHECK (certificate IS NULL OR tbs IS NULL OR certificate = tbs)"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE UNIQUE INDEX campaign_items_tbs ON campaign_items (tbs) WHERE tbs IS NOT NULL;\n"
	"CREATE TRIGGER campaign_items_update BEFORE UPDATE ON campaign_items"
	" WHEN NEW.campaign <> OLD.campaign OR NEW.item <> OLD.item"
	"  OR (OLD.tbs IS NOT NULL AND NEW.tbs IS NOT OLD.tbs)"
	"  OR (OLD.certificate IS NOT NULL AND NEW.certificate IS NOT OLD.certificate)"
	"  OR NEW.event < OLD.event"
	" BEGIN SELECT RAISE(ABORT, 'an item of a campaign keeps the certificate that it was given');"
	" END;\n"
	"CREATE TRIGGER campaign_items_no_delete BEFORE DELETE ON campaign_items"
	" BEGIN SELECT RAISE(ABORT, 'items of campaigns are never deleted'); END;\n";

/* Pending requests: what was asked for and is not there yet. A row says what is, as those of
   campaigns do. What was asked for stays; only an open row changes, and what it was given (bytes,
   key, to-be-signed bytes) it keeps, so that it gets one certificate. `folded` is the name as it is
   found. */
static const char version_3[] =
    "CREATE TABLE pending ("
    " id INTEGER PRIMARY KEY,"
    " kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),"
    " state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),"
    " recorded INTEGER NOT NULL,"
    " name TEXT NOT NULL,"
    " folded BLOB NOT NULL,"
    " subject TEXT NOT NULL,"
    " template TEXT NOT NULL,"
    " targets TEXT NOT NULL,"
    " signer TEXT NOT NULL,"
    " asked TEXT NOT NULL,"
    " spki_hash BLOB CHECK (length(spki_hash) = 32),"
    " request INTEGER REFERENCES requests (id),"
    " tbs INTEGER REFERENCES tbs (id),"
    " certificate INTEGER REFERENCES certificates (id),"
    " why TEXT NOT NULL,"
    " at INTEGER NOT NULL,"
    " event INTEGER NOT NULL REFERENCES events (id),"
    " CHECK ((state = 1) = (certificate IS NOT NULL)),"
    " CHECK ((request IS NULL) = (spki_hash IS NULL)),"
    " CHECK (kind = 0 OR request IS NOT NULL),"
    " CHECK (tbs IS NULL OR (request IS NOT NULL AND state < 2)),"
    " CHECK (certificate IS NULL OR tbs IS NULL OR certificate = tbs)"
    ") STRICT;\n"
    "CREATE INDEX pending_state ON pending (state);\n"
    "CREATE INDEX pending_name ON pending (folded) WHERE state = 0;\n"
    "CREATE INDEX pending_key ON pending (substr(spki_hash, 1, 8)) WHERE spki_hash IS NOT NULL;\n"
    "CREATE UNIQUE INDEX pending_tbs ON pending (tbs) WHERE tbs IS NOT NULL;\n"
    "CREATE TRIGGER pending_update BEFORE UPDATE ON pending"
    " WHEN OLD.state <> 0 OR NEW.id <> OLD.id OR NEW.kind <> OLD.kind"
    "  OR NEW.recorded <> OLD.recorded OR NEW.name <> OLD.name OR NEW.folded <> OLD.folded"
    "  OR NEW.subject <> OLD.subject OR NEW.template <> OLD.template OR NEW.targets <> OLD.targets"
    "  OR NEW.signer <> OLD.signer OR NEW.asked <> OLD.asked"
    "  OR (OLD.spki_hash IS NOT NULL AND NEW.spki_hash IS NOT OLD.spki_hash)"
    "  OR (OLD.request IS NOT NULL AND NEW.request IS NOT OLD.request)"
    "  OR (OLD.tbs IS NOT NULL AND NEW.tbs IS NOT OLD.tbs)"
    "  OR NEW.event <= OLD.event"
    " BEGIN SELECT RAISE(ABORT, 'a pending request only goes forward'); END;\n"
    "CREATE TRIGGER pending_no_delete BEFORE DELETE ON pending"
    " BEGIN SELECT RAISE(ABORT, 'pending requests are never deleted'); END;\n";

/* The upkeep that events tell of is found without reading the log. */
static const char version_4[] =
    "CREATE INDEX events_upkeep ON events (kind, id)"
    " WHERE kind IN ('backup', 'restore', 'checkpoint');\n";

/* Revocation. What happened to a serial number of an authority is only ever added to
   `revocations`; `revoked` says what is so now and is kept by a trigger, in the order in which a
   list is written. A hold (reason 6, RFC 5280, 5.3.1) may be released (8) or become final; anything
   else is for good. The certificate is absent where another CA database's word was taken over and
   the certificate itself is not on record. `crls` holds a number from before it is signed, and the
   hash of what was published with it from then on: a number is never given twice. */
#define STATED " authority, serial, shard, certificate, at, reason, invalid_since, expires"
#define STATED_NEW \
	" NEW.authority, NEW.serial, NEW.shard, NEW.certificate, NEW.at, NEW.reason," \
	" NEW.invalid_since, NEW.expires"
#define STATED_COLUMNS \
	" authority INTEGER NOT NULL REFERENCES authorities (id)," \
	" serial BLOB NOT NULL CHECK (length(serial) > 0)," \
	" shard INTEGER NOT NULL CHECK (shard >= 0)," \
	" certificate INTEGER REFERENCES certificates (id)," \
	" at INTEGER NOT NULL,"

static const char version_5[] =
    "ALTER TABLE authorities ADD COLUMN crl_shards INTEGER NOT NULL DEFAULT 0"
    " CHECK (crl_shards BETWEEN 0 AND 999);\n"
    "ALTER TABLE authorities ADD COLUMN crl_deltas INTEGER NOT NULL DEFAULT 0"
    " CHECK (crl_deltas IN (0, 1));\n"
    "CREATE TRIGGER authorities_lists BEFORE UPDATE OF crl_shards, crl_deltas ON authorities"
    " BEGIN SELECT RAISE(ABORT, 'how an authority publishes its lists is fixed when it is made');"
    " END;\n"

    "CREATE TABLE revocations ("
    " id INTEGER PRIMARY KEY," STATED_COLUMNS
    " reason INTEGER NOT NULL CHECK (reason BETWEEN 0 AND 10 AND reason <> 7),"
    " invalid_since INTEGER NOT NULL,"
    " expires INTEGER NOT NULL,"
    " event INTEGER NOT NULL REFERENCES events (id)"
    ") STRICT;\n" APPEND_ONLY("revocations")

	/* What was revoked before is taken over with its events. */
	"INSERT INTO revocations (" STATED ", event)"
	" SELECT c.authority, c.serial, 0, c.id, r.at, r.reason, 0, c.not_after, e.id"
	" FROM revoked r JOIN certificates c ON c.id = r.certificate JOIN events e"
	" ON e.text = 'certificate=' || r.certificate || ' reason=' || r.reason"
	"  AND e.kind = 'revoke' ORDER BY e.id;\n"
	"DROP TABLE revoked;\n"
	"CREATE TABLE revoked (" STATED_COLUMNS
	" reason INTEGER NOT NULL,"
	" invalid_since INTEGER NOT NULL,"
	" expires INTEGER NOT NULL,"
	" changed INTEGER NOT NULL REFERENCES revocations (id),"
	" PRIMARY KEY (authority, serial)"
	") STRICT, WITHOUT ROWID;\n"
	"INSERT INTO revoked (" STATED ", changed) SELECT" STATED ", id FROM revocations;\n"
	"CREATE UNIQUE INDEX revoked_certificate ON revoked (certificate);\n"
	"CREATE INDEX revoked_shard ON revoked (authority, shard, serial) WHERE shard > 0;\n"

	"CREATE TRIGGER revocations_order BEFORE INSERT ON revocations"
	" WHEN EXISTS (SELECT 1 FROM revoked r WHERE r.authority = NEW.authority"
	"   AND r.serial = NEW.serial AND r.reason <> 6"
	"   AND NOT (r.certificate IS NULL AND NEW.certificate IS NOT NULL AND NEW.reason = r.reason))"
	"  OR (NEW.reason = 8 AND NOT EXISTS (SELECT 1 FROM revoked r"
	"   WHERE r.authority = NEW.authority AND r.serial = NEW.serial AND r.reason = 6))"
	" BEGIN SELECT RAISE(ABORT, 'only a hold is released or made final'); END;\n"
	"CREATE TRIGGER revocations_current AFTER INSERT ON revocations BEGIN"
	" DELETE FROM revoked WHERE authority = NEW.authority AND serial = NEW.serial;"
	" INSERT INTO revoked (" STATED ", changed) SELECT" STATED_NEW ", NEW.id"
	"  WHERE NEW.reason <> 8;"
	" END;\n"

	"CREATE TABLE crls ("
	" id INTEGER PRIMARY KEY,"
	" authority INTEGER NOT NULL REFERENCES authorities (id),"
	" shard INTEGER NOT NULL CHECK (shard >= 0),"
	" number INTEGER NOT NULL CHECK (number >= 0),"
	" base INTEGER CHECK (base < number),"
	" this_update INTEGER NOT NULL,"
	" next_update INTEGER NOT NULL CHECK (next_update > this_update),"
	" through INTEGER NOT NULL,"
	" event INTEGER NOT NULL REFERENCES events (id),"
	" entries INTEGER CHECK (entries >= 0),"
	" sha256 BLOB CHECK (length(sha256) = 32),"
	" published INTEGER REFERENCES events (id),"
	" CHECK ((sha256 IS NULL) = (entries IS NULL) AND (sha256 IS NULL) = (published IS NULL)),"
	" UNIQUE (authority, number, shard)"
	") STRICT;\n"
	"CREATE INDEX crls_published ON crls (authority, shard, number) WHERE sha256 IS NOT NULL;\n"
	"CREATE TRIGGER crls_order BEFORE INSERT ON crls"
	" WHEN NEW.number < (SELECT max(number) FROM crls WHERE authority = NEW.authority)"
	" BEGIN SELECT RAISE(ABORT, 'numbers of revocation lists only grow'); END;\n"
	"CREATE TRIGGER crls_update BEFORE UPDATE ON crls"
	" WHEN OLD.sha256 IS NOT NULL OR NEW.sha256 IS NULL OR NEW.id <> OLD.id"
	"  OR NEW.authority <> OLD.authority OR NEW.shard <> OLD.shard OR NEW.number <> OLD.number"
	"  OR NEW.base IS NOT OLD.base OR NEW.this_update <> OLD.this_update"
	"  OR NEW.next_update <> OLD.next_update OR NEW.through <> OLD.through"
	"  OR NEW.event <> OLD.event"
	" BEGIN SELECT RAISE(ABORT, 'a revocation list is published once and stays as it is'); END;\n"
	"CREATE TRIGGER crls_no_delete BEFORE DELETE ON crls"
	" BEGIN SELECT RAISE(ABORT, 'revocation lists are never deleted'); END;\n";

/* Responses of OCSP that were signed in advance: nothing but time saved. An id is that of the
   certificate and of the hash together, so that a run over all certificates fills page after page.
   What changes the state of a serial number drops what was signed before, in its own
   transaction. */
static const char version_6[] =
    "CREATE TABLE ocsp_responses ("
    " id INTEGER PRIMARY KEY CHECK (id = 2 * certificate + hash),"
    " certificate INTEGER NOT NULL REFERENCES certificates (id),"
    " hash INTEGER NOT NULL CHECK (hash IN (0, 1)),"
    " stated INTEGER REFERENCES revocations (id),"
    " signer INTEGER REFERENCES certificates (id),"
    " this_update INTEGER NOT NULL,"
    " next_update INTEGER NOT NULL CHECK (next_update > this_update),"
    " der BLOB NOT NULL"
    ") STRICT;\n"
    "CREATE TRIGGER revocations_ocsp AFTER INSERT ON revocations BEGIN"
    " DELETE FROM ocsp_responses WHERE id IN (SELECT 2 * c.id + h.hash FROM"
    "  (SELECT coalesce(NEW.certificate,"
    "   (SELECT id FROM tbs WHERE serial = NEW.serial AND authority = NEW.authority),"
    "   (SELECT id FROM certificates WHERE serial = NEW.serial AND authority = NEW.authority"
    "    AND tbs IS NULL)) AS id) c, (SELECT 0 AS hash UNION ALL SELECT 1) h);"
    " END;\n";

/* Keys that nobody is certified for, by the hash that a list of them has. And RSA keys with an
   unusual exponent, by what their hash would be with the usual one: so that a modulus is found
   whatever its exponent, and nearly no certificate needs a row for that. */
static const char version_7[] =
    "CREATE TABLE blocked_keys ("
    " kind INTEGER NOT NULL CHECK (kind IN (1, 2)),"
    " hash BLOB NOT NULL CHECK (length(hash) = CASE kind WHEN 1 THEN 32 ELSE 10 END),"
    " source INTEGER NOT NULL REFERENCES terms (id),"
    " event INTEGER NOT NULL REFERENCES events (id),"
    " PRIMARY KEY (kind, hash)"
    ") STRICT, WITHOUT ROWID;\n" APPEND_ONLY("blocked_keys")
	"CREATE INDEX blocked_keys_event ON blocked_keys (event);\n"
	"CREATE TABLE other_exponents ("
	" usual BLOB NOT NULL CHECK (length(usual) = 32),"
	" certificate INTEGER NOT NULL REFERENCES certificates (id),"
	" PRIMARY KEY (usual, certificate)"
	") STRICT, WITHOUT ROWID;\n" APPEND_ONLY("other_exponents");

/* An authority that was another's becomes ours when its key comes: what it signed is recorded under it
   already. */
static const char version_8[] =
    "DROP TRIGGER authorities_update;\n"
    "CREATE TRIGGER authorities_update BEFORE UPDATE ON authorities"
    " WHEN NOT (NEW.id = OLD.id AND NEW.name = OLD.name AND NEW.spki_hash = OLD.spki_hash"
    "  AND NEW.crl_uri = OLD.crl_uri AND NEW.ocsp_uri = OLD.ocsp_uri AND NEW.ca_uri = OLD.ca_uri"
    "  AND ((OLD.state = 0 AND NEW.state = 1 AND NEW.key_here = OLD.key_here)"
    "   OR (OLD.state = 1 AND NEW.state = 2 AND NEW.key_here = OLD.key_here"
    "    AND NEW.certificate IS OLD.certificate AND NEW.parent IS OLD.parent)"
    "   OR (OLD.state = 3 AND NEW.state = 1 AND OLD.key_here = 0 AND NEW.key_here = 1"
    "    AND NEW.certificate IS OLD.certificate AND NEW.parent IS OLD.parent)))"
    " BEGIN SELECT RAISE(ABORT, 'an authority only goes from pending to active to "
    "retired'); END;\n";

/* A certificate that was recorded before its authority was known goes under it when that comes, and an
   authority under its issuer: once, and for good. What the event of its recording says is then true
   of the row without its authority. */
static const char version_9[] =
    "CREATE TABLE adopted ("
    " certificate INTEGER PRIMARY KEY REFERENCES certificates (id)"
    ") STRICT;\n" APPEND_ONLY("adopted")
	"CREATE INDEX certificates_stray ON certificates (id) WHERE authority IS NULL;\n"
	"DROP TRIGGER certificates_no_update;\n"
	"CREATE TRIGGER certificates_no_update BEFORE UPDATE ON certificates"
	" WHEN NOT (OLD.authority IS NULL AND OLD.tbs IS NULL AND NEW.authority IS NOT NULL"
	"  AND EXISTS (SELECT 1 FROM adopted a WHERE a.certificate = OLD.id)"
	"  AND NEW.id = OLD.id AND NEW.tbs IS NULL AND NEW.issuer = OLD.issuer"
	"  AND NEW.serial = OLD.serial AND NEW.fingerprint = OLD.fingerprint"
	"  AND NEW.spki_hash = OLD.spki_hash AND NEW.subject = OLD.subject AND NEW.name = OLD.name"
	"  AND NEW.not_before = OLD.not_before AND NEW.not_after = OLD.not_after"
	"  AND NEW.recorded = OLD.recorded AND NEW.template IS OLD.template"
	"  AND NEW.targets = OLD.targets AND NEW.supersedes IS OLD.supersedes"
	"  AND NEW.proved = OLD.proved AND NEW.request IS OLD.request)"
	" BEGIN SELECT RAISE(ABORT, 'certificates is append-only'); END;\n"

	"DROP TRIGGER authorities_update;\n"
	"CREATE TRIGGER authorities_update BEFORE UPDATE ON authorities"
	" WHEN NOT (NEW.id = OLD.id AND NEW.name = OLD.name AND NEW.spki_hash = OLD.spki_hash"
	"  AND NEW.crl_uri = OLD.crl_uri AND NEW.ocsp_uri = OLD.ocsp_uri AND NEW.ca_uri = OLD.ca_uri"
	"  AND ((OLD.state = 0 AND NEW.state = 1 AND NEW.key_here = OLD.key_here)"
	"   OR (OLD.state = 1 AND NEW.state = 2 AND NEW.key_here = OLD.key_here"
	"    AND NEW.certificate IS OLD.certificate AND NEW.parent IS OLD.parent)"
	"   OR (OLD.state = 3 AND NEW.state = 1 AND OLD.key_here = 0 AND NEW.key_here = 1"
	"    AND NEW.certificate IS OLD.certificate AND NEW.parent IS OLD.parent)"
	"   OR (OLD.state > 0 AND NEW.state = OLD.state AND NEW.key_here = OLD.key_here"
	"    AND NEW.certificate IS OLD.certificate AND OLD.parent IS NULL"
	"    AND NEW.parent IS NOT NULL AND NEW.parent <> NEW.id)))"
	" BEGIN SELECT RAISE(ABORT, 'an authority only goes from pending to active to "
	"retired'); END;\n";

const struct rmt_db_migration rmt_db_migrations[] = {
	{ 1, version_1 },
	{ 2, version_2 },
	{ 3, version_3 },
	{ 4, version_4 },
	{ 5, version_5 },
	{ 6, version_6 },
	{ 7, version_7 },
	{ 8, version_8 },
	{ 9, version_9 },
};
const size_t rmt_db_migration_count = sizeof rmt_db_migrations / sizeof rmt_db_migrations[0];

int
rmt_db_schema_version(void)
{
	return rmt_db_migrations[rmt_db_migration_count - 1].version;
}
