package endpoint

import (
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"testing"
)

func TestAddressesAreParsedOnceAndBounded(t *testing.T) {
	t.Parallel()
	var a addresses
	to := address{"http://host:/v1", "/chat/completions"}
	first, err := a.get(to)
	if err != nil {
		t.Fatal(err)
	}
	if got := first.String(); got != "http://host/v1/chat/completions" {
		t.Errorf("address %q", got)
	}
	if again, _ := a.get(to); again != first {
		t.Error("parsed again")
	}
	full := make(map[address]*url.URL)
	for i := range maxAddresses {
		full[address{"http://host", strconv.Itoa(i)}] = first
	}
	a.parsed.Store(&full)
	if _, err := a.get(to); err != nil {
		t.Fatal(err)
	}
	if n := len(*a.parsed.Load()); n != 1 {
		t.Errorf("%d addresses kept beyond the bound", n)
	}
	if _, err := a.get(address{"http://ho st", "/models"}); err == nil {
		t.Error("accepted a host with a space")
	}
}

func TestAddressesAreSharedByCalls(t *testing.T) {
	t.Parallel()
	var a addresses
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			base := fmt.Sprintf("http://host-%d", i%4)
			for range 100 {
				u, err := a.get(address{base, "/models"})
				if err != nil || u.String() != base+"/models" {
					t.Errorf("address %v, error %v", u, err)
				}
			}
		})
	}
	wg.Wait()
}
