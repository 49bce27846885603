package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// Parts of bbolt's file format, version 2, as in its internal/common/page.go and meta.go.
const (
	boltMagic      = 0xED0CDAED
	boltPageHeader = 16
	boltElement    = 16
	boltMetaSize   = 64
	boltBranch     = 0x01
	boltLeaf       = 0x02
	boltIsBucket   = 0x01
	boltNoFreelist = ^uint64(0)
)

// boltPages walks the pages of a bbolt file. bbolt walks them too when it opens a file to be written, but ends the
// process from a goroutine of its own when they don't add up.
type boltPages struct {
	file     io.ReaderAt
	pageSize uint64
	// end is the number of pages.
	end  uint64
	seen map[uint64]bool
}

// verifyPages makes sure that every page that can be reached exists, once, and is what it says.
func verifyPages(file io.ReaderAt) error {
	p := &boltPages{file: file, seen: map[uint64]bool{}}
	root, freelist, err := p.readMeta()
	if err != nil {
		return err
	}
	if freelist != boltNoFreelist {
		if _, err := p.claim(freelist); err != nil {
			return err
		}
	}
	return p.walk(root)
}

// readMeta reads the newer of the two meta pages that are whole.
func (p *boltPages) readMeta() (root, freelist uint64, err error) {
	var newest uint64
	found := false
	for _, size := range []uint64{0, 1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16} {
		raw := make([]byte, boltMetaSize)
		if _, err := p.file.ReadAt(raw, int64(size+boltPageHeader)); err != nil {
			continue
		}
		sum := fnv.New64a()
		sum.Write(raw[:56])
		word := binary.NativeEndian.Uint64
		if binary.NativeEndian.Uint32(raw) != boltMagic || word(raw[56:]) != sum.Sum64() || found && word(raw[48:]) < newest {
			continue
		}
		found, newest = true, word(raw[48:])
		p.pageSize, p.end = uint64(binary.NativeEndian.Uint32(raw[8:])), word(raw[40:])
		root, freelist = word(raw[16:]), word(raw[32:])
	}
	if !found {
		return 0, 0, errors.New("neither of its meta pages is whole")
	}
	return root, freelist, nil
}

// claim reads a page and those that it flows over into, which nothing else may refer to.
func (p *boltPages) claim(id uint64) ([]byte, error) {
	head := make([]byte, boltPageHeader)
	if _, err := p.file.ReadAt(head, int64(id*p.pageSize)); err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	pages := uint64(binary.NativeEndian.Uint32(head[12:])) + 1
	if self := binary.NativeEndian.Uint64(head); self != id || id < 2 || id+pages > p.end {
		return nil, fmt.Errorf("page %d of %d calls itself page %d and takes %d pages", id, p.end, self, pages)
	}
	for each := id; each < id+pages; each++ {
		if p.seen[each] {
			return nil, fmt.Errorf("page %d is used twice", each)
		}
		p.seen[each] = true
	}
	content := make([]byte, pages*p.pageSize)
	if _, err := p.file.ReadAt(content, int64(id*p.pageSize)); err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	return content, nil
}

// walk claims the page and all below it.
func (p *boltPages) walk(id uint64) error {
	content, err := p.claim(id)
	if err != nil {
		return err
	}
	kind := binary.NativeEndian.Uint16(content[8:])
	if kind != boltBranch && kind != boltLeaf {
		return fmt.Errorf("page %d is of kind %#x", id, kind)
	}
	for i := range int(binary.NativeEndian.Uint16(content[10:])) {
		at := boltPageHeader + i*boltElement
		if at+boltElement > len(content) {
			return fmt.Errorf("page %d has more elements than fit", id)
		}
		next, err := child(kind, content[at:])
		if err != nil {
			return fmt.Errorf("page %d: %w", id, err)
		}
		if next == 0 {
			continue
		}
		if err := p.walk(next); err != nil {
			return err
		}
	}
	return nil
}

// child returns the page that an element refers to, or 0. rest is the page from the element on.
func child(kind uint16, rest []byte) (uint64, error) {
	word := binary.NativeEndian.Uint32
	if kind == boltBranch {
		return binary.NativeEndian.Uint64(rest[8:]), nil
	}
	flags, key, value := word(rest), uint64(word(rest[4:]))+uint64(word(rest[8:])), uint64(word(rest[12:]))
	if key+value > uint64(len(rest)) {
		return 0, errors.New("a value ends beyond it")
	}
	if flags&boltIsBucket == 0 {
		return 0, nil
	}
	if value < boltPageHeader {
		return 0, errors.New("a bucket is cut short")
	}
	return binary.NativeEndian.Uint64(rest[key:]), nil // 0 for a bucket that is small enough to lie in its value.
}
