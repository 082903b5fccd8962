package ledger

import "strings"

// schemaVersion is that of the tables below. Version 1 kept a blob in one row.
const schemaVersion = 2

// tables is the schema in the words of SQLite. Each engine translates the three words in which they
// differ, so that there is one schema to keep right. The row of tree is what everybody who lets the
// tree grow locks first.
const tables = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE tree (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL) STRICT;
CREATE TABLE parties (
	name    TEXT PRIMARY KEY,
	role    TEXT NOT NULL CHECK (role IN ('station', 'vault')),
	epoch   INTEGER NOT NULL,
	revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE keys (
	party   TEXT NOT NULL REFERENCES parties (name),
	key_id  TEXT NOT NULL,
	spki    BLOB NOT NULL,
	roles   TEXT NOT NULL,
	epoch   INTEGER NOT NULL,
	since   INTEGER NOT NULL,
	until   INTEGER,
	PRIMARY KEY (party, key_id, since)
) STRICT;
CREATE TABLE chains (
	name     TEXT PRIMARY KEY,
	party    TEXT NOT NULL REFERENCES parties (name),
	head     INTEGER,
	frozen   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE uploads (
	id      TEXT PRIMARY KEY,
	party   TEXT NOT NULL REFERENCES parties (name),
	digest  BLOB NOT NULL,
	size    INTEGER NOT NULL,
	held    INTEGER NOT NULL,
	touched INTEGER NOT NULL,
	UNIQUE (party, digest)
) STRICT;
CREATE TABLE pieces (
	upload  TEXT NOT NULL,
	start   INTEGER NOT NULL,
	data    BLOB NOT NULL,
	PRIMARY KEY (upload, start)
) STRICT;
CREATE TABLE blobs (
	digest  BLOB PRIMARY KEY,
	size    INTEGER NOT NULL,
	party   TEXT NOT NULL REFERENCES parties (name),
	named   INTEGER NOT NULL DEFAULT 0,
	upload  TEXT NOT NULL
) STRICT;
CREATE INDEX blobs_party ON blobs (party, named);
CREATE TABLE entries (
	leaf     INTEGER PRIMARY KEY,
	chain    TEXT NOT NULL REFERENCES chains (name),
	epoch    INTEGER NOT NULL,
	sequence INTEGER NOT NULL,
	id       BLOB NOT NULL,
	blob     BLOB REFERENCES blobs (digest),
	raw      BLOB NOT NULL,
	UNIQUE (chain, epoch, sequence)
) STRICT;
CREATE INDEX entries_for ON entries (chain, leaf);
CREATE INDEX entries_blob ON entries (blob) WHERE blob IS NOT NULL;
CREATE TABLE hashes (place INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
CREATE TABLE durable (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
CREATE TABLE evidence (
	number INTEGER PRIMARY KEY,
	chain  TEXT NOT NULL REFERENCES chains (name),
	kept   BLOB NOT NULL,
	other  BLOB NOT NULL,
	found  INTEGER NOT NULL
) STRICT;
INSERT INTO tree (one, size) VALUES (1, 0);
`

// toPostgreSQL puts the schema into the words of PostgreSQL.
var toPostgreSQL = strings.NewReplacer("INTEGER", "BIGINT", "BLOB", "BYTEA", " STRICT", "")

// triggers keep a wrong statement of ours from touching what must never change; they are no defence
// against somebody who holds the file, the audit is. Only SQLite has them: on PostgreSQL the like is
// engine-specific code, and an owner of tables that the server's role may only insert into does more.
const triggers = `
CREATE TRIGGER entries_stay BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE TRIGGER entries_same BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE TRIGGER hashes_stay BEFORE DELETE ON hashes BEGIN SELECT RAISE(ABORT, 'hashes stay'); END;
CREATE TRIGGER hashes_same BEFORE UPDATE ON hashes BEGIN SELECT RAISE(ABORT, 'hashes stay'); END;
CREATE TRIGGER checkpoints_stay BEFORE DELETE ON checkpoints BEGIN SELECT RAISE(ABORT, 'checkpoints stay'); END;
CREATE TRIGGER checkpoints_same BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'checkpoints stay'); END;
CREATE TRIGGER evidence_stays BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence stays'); END;
`

// fromVersion1 brings a file of version 1 up to date: every blob is cut into pieces of 256 KiB.
const fromVersion1 = `
CREATE TABLE tree (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL) STRICT;
INSERT INTO tree (one, size) SELECT 1, coalesce(max(leaf) + 1, 0) FROM entries;
CREATE TABLE uploads (
	id TEXT PRIMARY KEY, party TEXT NOT NULL REFERENCES parties (name), digest BLOB NOT NULL, size INTEGER NOT NULL,
	held INTEGER NOT NULL, touched INTEGER NOT NULL, UNIQUE (party, digest)
) STRICT;
CREATE TABLE pieces (upload TEXT NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL,
	PRIMARY KEY (upload, start)) STRICT;
CREATE TABLE durable (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
INSERT INTO pieces (upload, start, data)
	WITH RECURSIVE cut (digest, start) AS (
		SELECT digest, 0 FROM blobs
		UNION ALL SELECT c.digest, c.start + 262144 FROM cut c JOIN blobs b ON b.digest = c.digest
			WHERE c.start + 262144 < b.size)
	SELECT lower(hex(c.digest)), c.start, substr(b.data, c.start + 1, 262144)
		FROM cut c JOIN blobs b ON b.digest = c.digest;
ALTER TABLE blobs ADD COLUMN upload TEXT NOT NULL DEFAULT '';
UPDATE blobs SET upload = lower(hex(digest));
ALTER TABLE blobs DROP COLUMN data;
DROP INDEX blobs_pending;
CREATE INDEX blobs_party ON blobs (party, named);
`
