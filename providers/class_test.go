package providers_test

import (
	"testing"

	"aiproxy/providers"
)

func TestClassifyStatus(t *testing.T) {
	t.Parallel()
	for want, statuses := range map[providers.Class][]int{
		providers.ClassNone:       {200, 201, 204, 299},
		providers.ClassCaller:     {400, 404, 405, 409, 413, 415, 422, 451},
		providers.ClassCredential: {401, 402, 403},
		providers.ClassQuota:      {429},
		providers.ClassProvider:   {101, 301, 304, 308, 408, 500, 502, 503, 504, 529, 599, 0, 999},
	} {
		for _, status := range statuses {
			if got := providers.ClassifyStatus(status); got != want {
				t.Errorf("%d is %v, want %v", status, got, want)
			}
		}
	}
}

func TestClassNamesAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{"unknown": true}
	for class := providers.ClassNone; class <= providers.ClassCanceled; class++ {
		if seen[class.String()] {
			t.Errorf("class %d is named %q", class, class)
		}
		seen[class.String()] = true
	}
	if got := providers.Class(200).String(); got != "unknown" {
		t.Error(got)
	}
}
