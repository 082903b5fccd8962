-- A station's store. No column holds anything personal in clear: "record" columns hold states and
-- key identifiers, "sealed" and "keys" are encrypted, entries carry no person.

CREATE TABLE cases (
    token   TEXT PRIMARY KEY,
    opened  INTEGER NOT NULL,
    record  BLOB NOT NULL,
    sealed  BLOB,
    keys    BLOB,
    orders  BLOB
) STRICT;

CREATE TABLE booklets (
    serial  TEXT PRIMARY KEY,
    record  BLOB NOT NULL
) STRICT;

CREATE TABLE entries (
    place   INTEGER PRIMARY KEY AUTOINCREMENT,
    id      BLOB NOT NULL UNIQUE,
    epoch   INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    subject TEXT NOT NULL,
    raw     BLOB NOT NULL,
    receipt BLOB,
    UNIQUE (epoch, number)
) STRICT;
CREATE INDEX entries_waiting ON entries (place) WHERE receipt IS NULL;
CREATE INDEX entries_subject ON entries (subject, place);

CREATE TABLE blobs (
    digest  BLOB PRIMARY KEY,
    data    BLOB NOT NULL
) STRICT;

CREATE TABLE notes (
    name    TEXT PRIMARY KEY,
    value   BLOB NOT NULL
) STRICT;
