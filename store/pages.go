package store

import (
	"bytes"
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
	boltBucketSize = 16
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
	return p.walk(root, nil, nil)
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

// walk claims the page and all below it. Its keys must rise, from low on and below high where these are not nil.
func (p *boltPages) walk(id uint64, low, high []byte) error {
	content, err := p.claim(id)
	if err != nil {
		return err
	}
	elements, err := readElements(content)
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	for i, element := range elements {
		if i > 0 && bytes.Compare(elements[i-1].key, element.key) >= 0 ||
			bytes.Compare(low, element.key) > 0 || high != nil && bytes.Compare(element.key, high) >= 0 {
			return fmt.Errorf("page %d: key %d is out of order", id, i)
		}
	}
	for i, element := range elements {
		if element.child == 0 {
			continue
		}
		var from, to []byte // A bucket has keys of its own.
		if element.branch {
			from, to = element.key, high
			if i+1 < len(elements) {
				to = elements[i+1].key
			}
		}
		if err := p.walk(element.child, from, to); err != nil {
			return err
		}
	}
	return nil
}

// boltItem is an element of a page: a key, and the page that it leads to or 0.
type boltItem struct {
	key    []byte
	child  uint64
	branch bool
}

func readElements(content []byte) ([]boltItem, error) {
	if len(content) < boltPageHeader {
		return nil, errors.New("it is cut short")
	}
	kind := binary.NativeEndian.Uint16(content[8:])
	if kind != boltBranch && kind != boltLeaf {
		return nil, fmt.Errorf("it is of kind %#x", kind)
	}
	elements := make([]boltItem, binary.NativeEndian.Uint16(content[10:]))
	for i := range elements {
		at := boltPageHeader + i*boltElement
		if at+boltElement > len(content) {
			return nil, errors.New("it has more elements than fit")
		}
		var err error
		if elements[i], err = readElement(kind, content[at:]); err != nil {
			return nil, err
		}
	}
	return elements, nil
}

// readElement reads one element. rest is the page from the element on.
func readElement(kind uint16, rest []byte) (boltItem, error) {
	word := func(at int) uint64 { return uint64(binary.NativeEndian.Uint32(rest[at:])) }
	within := func(n uint64) bool { return n <= uint64(len(rest)) }
	if kind == boltBranch {
		start, size := word(0), word(4)
		if !within(start + size) {
			return boltItem{}, errors.New("a key ends beyond it")
		}
		return boltItem{key: rest[start : start+size], child: binary.NativeEndian.Uint64(rest[8:]), branch: true}, nil
	}
	start, size, value := word(4), word(8), word(12)
	end := start + size
	if !within(end + value) {
		return boltItem{}, errors.New("a value ends beyond it")
	}
	item := boltItem{key: rest[start:end]}
	if word(0)&boltIsBucket == 0 {
		return item, nil
	}
	if value < boltBucketSize {
		return boltItem{}, errors.New("a bucket is cut short")
	}
	// It is 0 for a bucket that is small enough to lie in its value.
	item.child = binary.NativeEndian.Uint64(rest[end:])
	if item.child == 0 {
		_, err := readElements(rest[end+boltBucketSize : end+value])
		return item, err
	}
	return item, nil
}
