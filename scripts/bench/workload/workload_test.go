package workload_test

import (
	"encoding/json"
	"strings"
	"testing"

	"aiproxy/scripts/bench/workload"
)

func TestRequestBodies(t *testing.T) {
	t.Parallel()
	for _, w := range workload.All() {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			body := w.RequestBody()
			want := workload.SmallSize
			if w.Tools {
				want = workload.LargeSize
			}
			if len(body) != want {
				t.Errorf("the body has %d bytes, want %d", len(body), want)
			}
			var request struct {
				Model  string
				Stream bool
				Tools  json.RawMessage
			}
			if err := json.Unmarshal(body, &request); err != nil {
				t.Fatalf("the body is no JSON: %v", err)
			}
			if request.Model == "" || request.Stream != w.Stream {
				t.Errorf("model %q, stream %t, want stream %t", request.Model, request.Stream, w.Stream)
			}
			if tools := len(request.Tools); w.Tools != (tools > 19<<10 && tools < 21<<10) {
				t.Errorf("the tools have %d bytes", tools)
			}
		})
	}
}

func TestAnswerIsOneKilobyteOfJSON(t *testing.T) {
	t.Parallel()
	answer := workload.Answer()
	if len(answer) != workload.SmallSize || !json.Valid(answer) {
		t.Errorf("%d bytes, valid %t", len(answer), json.Valid(answer))
	}
}

func TestPayloadsAreDistinctEventsOfEqualSize(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for i, payload := range workload.Payloads(100) {
		if !json.Valid(payload) || len(payload) < 180 || len(payload) > 210 {
			t.Errorf("event %d: %d bytes, valid %t", i, len(payload), json.Valid(payload))
		}
		if strings.ContainsAny(string(payload), "\r\n") {
			t.Errorf("event %d has a line break", i)
		}
		seen[string(payload)] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d distinct events, want 100", len(seen))
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		list, want, fault string
	}{
		{list: "", want: "chat,tools,stream,paced,rate"},
		{list: "chat", want: "chat"},
		{list: "stream,chat", want: "chat,stream"},
		{list: "chat,nope", fault: `unknown workload "nope": known are chat, tools`},
	}
	for _, tt := range tests {
		t.Run(tt.list, func(t *testing.T) {
			t.Parallel()
			selected, err := workload.Select(tt.list)
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Fatalf("got error %v, want %q", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			names := make([]string, len(selected))
			for i, w := range selected {
				names[i] = w.Name
			}
			if got := strings.Join(names, ","); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
