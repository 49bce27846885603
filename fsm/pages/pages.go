// Package pages verifies the pages of a bbolt file before anything relies on them. bbolt checks its two meta pages and
// nothing else: over other damage it panics, from a goroutine of its own too, faults on its memory map, or hands out
// whatever lies behind the page.
//
// The package only reads, and must not interpret keys or values: what is in the pages, its users check. It knows the file
// format, version 2, and nothing of who writes it. Its function may be called concurrently; nobody may write to the file
// meanwhile, so callers hold the lock that bbolt takes to read.
package pages

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
	magic       = 0xED0CDAED
	pageHeader  = 16
	elementSize = 16
	bucketSize  = 16
	metaSize    = 64
	branchPage  = 0x01
	leafPage    = 0x02
	bucketFlag  = 0x01
	noFreelist  = ^uint64(0)
)

// walker walks the pages of a bbolt file. bbolt walks them too when it opens a file to be written, but ends the
// process from a goroutine of its own when they don't add up.
type walker struct {
	file     io.ReaderAt
	pageSize uint64
	// end is the number of pages.
	end  uint64
	seen map[uint64]bool
}

// Verify makes sure that every page of the file that can be reached exists, once, and is what it says: of a known kind, with
// rising keys, and with keys and values that end within it. Its error says which page is wrong, and in what.
func Verify(file io.ReaderAt) error {
	p := &walker{file: file, seen: map[uint64]bool{}}
	root, freelist, err := p.readMeta()
	if err != nil {
		return err
	}
	if freelist != noFreelist {
		if _, err := p.claim(freelist); err != nil {
			return err
		}
	}
	return p.walk(root, nil, nil)
}

// readMeta reads the newer of the two meta pages that are whole.
func (p *walker) readMeta() (root, freelist uint64, err error) {
	var newest uint64
	found := false
	for _, size := range []uint64{0, 1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16} {
		raw := make([]byte, metaSize)
		if _, err := p.file.ReadAt(raw, int64(size+pageHeader)); err != nil {
			continue
		}
		sum := fnv.New64a()
		sum.Write(raw[:56])
		word := binary.NativeEndian.Uint64
		if binary.NativeEndian.Uint32(raw) != magic || word(raw[56:]) != sum.Sum64() || found && word(raw[48:]) < newest {
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
func (p *walker) claim(id uint64) ([]byte, error) {
	head := make([]byte, pageHeader)
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
func (p *walker) walk(id uint64, low, high []byte) error {
	content, err := p.claim(id)
	if err != nil {
		return err
	}
	elements, err := readElements(content)
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	for i, item := range elements {
		if i > 0 && bytes.Compare(elements[i-1].key, item.key) >= 0 ||
			bytes.Compare(low, item.key) > 0 || high != nil && bytes.Compare(item.key, high) >= 0 {
			return fmt.Errorf("page %d: key %d is out of order", id, i)
		}
	}
	for i, item := range elements {
		if item.child == 0 {
			continue
		}
		var from, to []byte // A bucket has keys of its own.
		if item.branch {
			from, to = item.key, high
			if i+1 < len(elements) {
				to = elements[i+1].key
			}
		}
		if err := p.walk(item.child, from, to); err != nil {
			return err
		}
	}
	return nil
}

// element is an element of a page: a key, and the page that it leads to or 0.
type element struct {
	key    []byte
	child  uint64
	branch bool
}

func readElements(content []byte) ([]element, error) {
	if len(content) < pageHeader {
		return nil, errors.New("it is cut short")
	}
	kind := binary.NativeEndian.Uint16(content[8:])
	if kind != branchPage && kind != leafPage {
		return nil, fmt.Errorf("it is of kind %#x", kind)
	}
	elements := make([]element, binary.NativeEndian.Uint16(content[10:]))
	for i := range elements {
		at := pageHeader + i*elementSize
		if at+elementSize > len(content) {
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
func readElement(kind uint16, rest []byte) (element, error) {
	word := func(at int) uint64 { return uint64(binary.NativeEndian.Uint32(rest[at:])) }
	within := func(n uint64) bool { return n <= uint64(len(rest)) }
	if kind == branchPage {
		start, size := word(0), word(4)
		if !within(start + size) {
			return element{}, errors.New("a key ends beyond it")
		}
		return element{key: rest[start : start+size], child: binary.NativeEndian.Uint64(rest[8:]), branch: true}, nil
	}
	start, size, value := word(4), word(8), word(12)
	end := start + size
	if !within(end + value) {
		return element{}, errors.New("a value ends beyond it")
	}
	item := element{key: rest[start:end]}
	if word(0)&bucketFlag == 0 {
		return item, nil
	}
	if value < bucketSize {
		return element{}, errors.New("a bucket is cut short")
	}
	// It is 0 for a bucket that is small enough to lie in its value.
	item.child = binary.NativeEndian.Uint64(rest[end:])
	if item.child == 0 {
		return item, verifyInline(rest[end+bucketSize : end+value])
	}
	return item, nil
}

// verifyInline checks the page within a bucket's value. bbolt may copy such a value out of the memory map before it reads it,
// so what ends beyond it would be the program's own memory.
func verifyInline(content []byte) error {
	elements, err := readElements(content)
	if err != nil {
		return fmt.Errorf("a bucket in it: %w", err)
	}
	for _, each := range elements {
		if each.branch || each.child != 0 {
			return errors.New("a bucket in it leads to another page")
		}
	}
	return nil
}
