package localstore

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// applicationID marks the database file as ours: "ZHUR" in ASCII.
const applicationID = 0x5A485552

// migrations bring a database from each version to the next, and set its
// user_version to the number of migrations done. What has been released is
// never changed. A new database passes through all of them.
var migrations = []string{layout1}

// layout1 is the first layout. The names n are row numbers, used between the
// tables and nowhere else.
const layout1 = `
-- Single values, such as a hash of the schema that the references were made by.
CREATE TABLE property (
	name  TEXT PRIMARY KEY,
	value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- A space that the tablet holds.
CREATE TABLE space (
	n             INTEGER PRIMARY KEY,
	id            BLOB    NOT NULL UNIQUE,
	kind          INTEGER NOT NULL,
	chain         INTEGER NOT NULL,  -- new changes go there
	cursor        BLOB    NOT NULL,  -- where the next pull goes on, after what is staged
	position      INTEGER NOT NULL,  -- of the base, in the log of the home server
	epoch         BLOB    NOT NULL,  -- of the home server; empty before it was told
	durable       INTEGER NOT NULL,  -- up to this position the log is in a verified backup
	hub_cursor    BLOB    NOT NULL,  -- where the tablet is in the log of the hub that it met last
	readable      INTEGER NOT NULL,  -- false once the server has denied access
	synced_millis INTEGER NOT NULL   -- the tablet's clock at the last complete sync
) STRICT;

-- The own changes of one replica, and where its next one goes on.
CREATE TABLE chain (
	n          INTEGER PRIMARY KEY,
	space      INTEGER NOT NULL,
	replica    BLOB    NOT NULL,
	last_seq   INTEGER NOT NULL,
	last_hash  BLOB    NOT NULL,
	last_stamp INTEGER NOT NULL,
	UNIQUE (space, replica)
) STRICT;

-- The originals of own changes, kept after they are confirmed. The row number is
-- chain << 40 | sequence number.
CREATE TABLE own (
	n       INTEGER PRIMARY KEY,
	tag     BLOB NOT NULL,
	content BLOB NOT NULL
) STRICT;

-- Own changes about which something is open.
CREATE TABLE pending (
	n        INTEGER PRIMARY KEY,   -- as in own
	verdict  INTEGER NOT NULL,      -- zero before there is one
	position INTEGER NOT NULL,      -- in the home server's log, zero if in none
	overlaid INTEGER NOT NULL,      -- part of the overlay
	sent     INTEGER NOT NULL,      -- once, perhaps without arriving
	handed   INTEGER NOT NULL,      -- a hub has given a receipt
	findings BLOB    NOT NULL
) STRICT;

CREATE TABLE type (
	n    INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

-- A record. base is its row as home has it, NULL if home has none; view is its
-- row with own unconfirmed changes, NULL if none of them touches it.
CREATE TABLE record (
	n           INTEGER PRIMARY KEY,
	space       INTEGER NOT NULL,
	id          BLOB    NOT NULL,
	type        INTEGER NOT NULL,
	standing    INTEGER NOT NULL,
	open        INTEGER NOT NULL,      -- a person should look at it
	quarantined INTEGER NOT NULL,      -- a change that the view shows is
	base        BLOB,
	view        BLOB,
	UNIQUE (space, id)
) STRICT;
CREATE INDEX record_type ON record (space, type);
CREATE INDEX record_open ON record (space) WHERE open;

-- Which changes the view of a record has on top of its base: the n of own ones,
-- and the n of relayed ones below zero.
CREATE TABLE overlay (
	record INTEGER NOT NULL,
	change INTEGER NOT NULL,
	PRIMARY KEY (record, change)
) STRICT, WITHOUT ROWID;

-- The records that a record's shown values refer to.
CREATE TABLE reference (
	target BLOB    NOT NULL,
	field  INTEGER NOT NULL,
	record INTEGER NOT NULL,
	PRIMARY KEY (target, field, record)
) STRICT, WITHOUT ROWID;

-- Pages of a pull that have not come to a consistent one yet.
CREATE TABLE staged (
	space INTEGER NOT NULL,
	n     INTEGER NOT NULL,
	page  BLOB    NOT NULL,
	PRIMARY KEY (space, n)
) STRICT, WITHOUT ROWID;

-- Batches of the home server's log that are not in a verified backup, with
-- changes of others: for a server that has lost them.
CREATE TABLE carried (
	n       INTEGER PRIMARY KEY,
	space   INTEGER NOT NULL,
	digest  BLOB    NOT NULL,      -- of the batch, so that each is there once
	last    INTEGER NOT NULL,      -- its last position, zero if not known
	changes INTEGER NOT NULL,      -- how many are in it
	offer   INTEGER NOT NULL,      -- the server may have lost it
	batch   BLOB    NOT NULL,
	UNIQUE (space, digest)
) STRICT;

-- Changes of others that came by a hub and are not in the base yet.
CREATE TABLE relayed (
	n       INTEGER PRIMARY KEY,
	space   INTEGER NOT NULL,
	replica BLOB    NOT NULL,
	seq     INTEGER NOT NULL,
	tag     BLOB    NOT NULL,
	offer   INTEGER NOT NULL,      -- the home server has not said that it has it
	content BLOB    NOT NULL,
	UNIQUE (space, replica, seq, tag)
) STRICT;

-- The changes that the base holds, as runs of each replica.
CREATE TABLE applied (
	space     INTEGER NOT NULL,
	replica   BLOB    NOT NULL,
	last_seq  INTEGER NOT NULL,
	last_tag  BLOB    NOT NULL,
	first_seq INTEGER NOT NULL,
	PRIMARY KEY (space, replica, last_seq, last_tag)
) STRICT, WITHOUT ROWID;

PRAGMA application_id = 0x5A485552;
PRAGMA user_version = 1;
`

// checkVersion reads, and writes nothing.
func (c *conn) checkVersion() error {
	version, err := c.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	id, err := c.number("PRAGMA application_id")
	if err != nil {
		return err
	}
	switch {
	case version > int64(len(migrations)):
		return fault.New(fault.Damaged, "layout %d where %d is known: %w", version, len(migrations), ErrVersion)
	case version > 0 && id != applicationID:
		return fault.New(fault.Damaged, "the file is a database of something else: %w", ErrKey)
	}
	return nil
}

// migrate brings the database to the newest version, in one transaction.
func (c *conn) migrate() (err error) {
	version, err := c.number("PRAGMA user_version")
	if err != nil || version == int64(len(migrations)) {
		return err
	}
	txn, err := c.db.BeginImmediate()
	if err != nil {
		return err
	}
	defer txn.End(&err)
	// Another process may have been first.
	if version, err = c.number("PRAGMA user_version"); err != nil {
		return err
	}
	for ; version < int64(len(migrations)); version++ {
		if err := c.db.Exec(migrations[version]); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) number(sql string) (n int64, err error) {
	err = c.query(sql, func(s *sqlite3.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	})
	return n, err
}
