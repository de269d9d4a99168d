"""Tables of the work journal."""

from __future__ import annotations

SCHEMA_VERSION = 2

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flows (
  flow TEXT PRIMARY KEY, live INTEGER NOT NULL, created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (
  flow TEXT, step TEXT, attempt INTEGER, phase TEXT NOT NULL,
  manifest TEXT NOT NULL DEFAULT '', first_byte INTEGER NOT NULL DEFAULT 0,
  fault BLOB,
  created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
  PRIMARY KEY (flow, step, attempt)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS own_offers (
  flow TEXT, step TEXT, attempt INTEGER, secret BLOB NOT NULL,
  PRIMARY KEY (flow, step, attempt)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS offers (
  flow TEXT, step TEXT, attempt INTEGER, alias TEXT, sender TEXT NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (flow, step, attempt, alias)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS workers (
  flow TEXT, step TEXT, attempt INTEGER, pid INTEGER NOT NULL, started TEXT NOT NULL,
  work_dir TEXT NOT NULL, PRIMARY KEY (flow, step, attempt)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (
  flow TEXT, step TEXT, attempt INTEGER, phase TEXT NOT NULL, done INTEGER NOT NULL,
  total INTEGER NOT NULL, time_ms INTEGER NOT NULL, since_ms INTEGER NOT NULL,
  PRIMARY KEY (flow, step, attempt)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoints (
  flow TEXT, step TEXT, secret BLOB NOT NULL, PRIMARY KEY (flow, step)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS resumptions (
  flow TEXT, step TEXT, attempt INTEGER, number INTEGER NOT NULL,
  PRIMARY KEY (flow, step, attempt)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcomes (
  flow TEXT, step TEXT, attempt INTEGER, evidence BLOB NOT NULL,
  PRIMARY KEY (flow, step, attempt)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
  flow TEXT, step TEXT, port TEXT, attempt INTEGER, object_id TEXT NOT NULL, kind TEXT NOT NULL,
  rows INTEGER NOT NULL, opened INTEGER NOT NULL, commitment TEXT NOT NULL, secret BLOB NOT NULL,
  created_ms INTEGER NOT NULL, PRIMARY KEY (flow, step, port, attempt)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS objects_by_id ON objects (object_id);
"""
