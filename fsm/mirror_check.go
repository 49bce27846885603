package fsm

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// guard runs fn, which reads a file through a memory map: damage can show as a panic or as a fault of the map.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: it cannot be read: %v", ErrMirrorDamaged, p)
		}
	}()
	return fn()
}

// verifyPages makes sure that nobody wrote to the file since the inspection that found headRow, and that bbolt's own
// records, such as which pages are free, are in order: the rows can be whole and the next write still destroy some.
func verifyPages(tx *bolt.Tx, headRow []byte) error {
	if meta := tx.Bucket(metaBucket); meta == nil || !bytes.Equal(meta.Get(headKey), headRow) {
		return errors.New("another process changed it meanwhile")
	}
	if err := walkPages(tx); err != nil {
		return err
	}
	var first error
	for err := range tx.Check() {
		if first == nil {
			first = fmt.Errorf("%w: %w", ErrMirrorDamaged, err)
		}
	}
	return first
}

// walkPages makes sure that the pages fill the file one after the other. bbolt's own check would run out of memory
// over a page that claims to go on for billions of pages.
func walkPages(tx *bolt.Tx) error {
	end := int(tx.Size()) / tx.DB().Info().PageSize
	id := 0
	for id < end {
		page, err := tx.Page(id)
		if err != nil {
			return fmt.Errorf("%w: page %d: %w", ErrMirrorDamaged, id, err)
		}
		if page.Type != "free" {
			id += page.OverflowCount
		}
		id++
	}
	if id != end {
		return fmt.Errorf("%w: its pages go on beyond its end", ErrMirrorDamaged)
	}
	return nil
}
