package pebblestore

import (
	"strconv"

	"github.com/cockroachdb/pebble/v2"

	"github.com/spoor-cti/spoor/internal/fault"
)

// migrations[v] leads a store from schema version v to v+1, in one batch.
var migrations = map[int]func(*pebble.DB, *pebble.Batch) error{}

// migrate brings the store to SchemaVersion, one step after the other. Each
// step commits its changes together with the new version number, so that a
// crash leaves a whole version behind.
func (s *Store) migrate(readOnly bool) error {
	raw, err := s.get(metaKey("schema"))
	if err != nil {
		return err
	}
	version := SchemaVersion
	if raw != nil {
		if version, err = strconv.Atoi(string(raw)); err != nil {
			return fault.New(fault.Corrupt, "the schema version %.20q is no number", raw).Hinted("%s", repair)
		}
	} else if readOnly {
		return fault.New(fault.NotFound, "the store is empty").Hinted("fill it first: spoor import FILE…")
	}
	if readOnly && version < SchemaVersion {
		return fault.New(fault.Conflict, "the store has the older schema %d", version).
			Hinted("bring it up to date: spoor store reindex")
	}
	if version > SchemaVersion {
		return fault.New(fault.Conflict, "the store has schema %d, this spoor knows up to %d", version, SchemaVersion).
			Hinted("use a newer spoor, or restore a backup that this one wrote")
	}
	for first := raw == nil; first || version < SchemaVersion; first = false {
		b := s.db.NewBatch()
		if raw != nil {
			step, ok := migrations[version]
			if !ok {
				return fault.New(fault.Internal, "no migration leads from schema %d on", version)
			}
			if err := step(s.db, b); err != nil {
				return fault.Wrap(err, fault.Internal, "couldn't migrate the store from schema %d", version)
			}
			version++
		}
		if err := b.Set(metaKey("schema"), strconv.AppendInt(nil, int64(version), 10), nil); err != nil {
			return engineError(err)
		}
		if err := b.Commit(pebble.Sync); err != nil {
			return engineError(err)
		}
	}
	return nil
}
