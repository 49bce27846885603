package fsm_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
)

func TestEncodeIsWhatJSONWrites(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		edit func(*fsm.Command)
	}{
		{"plain", func(*fsm.Command) {}},
		{"key", func(c *fsm.Command) { c.Key = "key with spaces, [brackets] and 'quotes'" }},
		{"key to escape", func(c *fsm.Command) { c.Key = `back\slash "quote" <tag> é` }},
		{"revision", func(c *fsm.Command) { c.IfRevision = 1<<64 - 1 }},
		{"by whom", func(c *fsm.Command) { c.By = "ops team, key 3" }},
		{"by whom, to escape", func(c *fsm.Command) { c.By = `"ops" <a&b>` }},
		{"zone", func(c *fsm.Command) { c.At = time.Date(2026, 1, 2, 3, 4, 5, 6789, time.FixedZone("x", -3600)) }},
		{"no time", func(c *fsm.Command) { c.At = time.Time{} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := command(t, fsm.InstanceUpdate, fsm.InstanceChange{Name: "a", Weight: new(3)})
			tc.edit(&c)
			raw, err := c.Encode()
			if err != nil {
				t.Fatalf("encode: %v", err)
			}
			c.At = c.At.UTC()
			want, err := json.Marshal(c)
			if err != nil {
				t.Fatalf("marshal: %v", err)
			}
			if diff := cmp.Diff(string(want), string(raw)); diff != "" {
				t.Errorf("encoded command differs (-want +got):\n%s", diff)
			}
			back, err := fsm.Decode(raw)
			if err != nil {
				t.Fatalf("decode: %v", err)
			}
			if diff := cmp.Diff(c, back); diff != "" {
				t.Errorf("decoded command differs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEncodeRefuses makes sure that what would stop every replica never gets into a log.
func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	valid := weightOfA(t, 1)
	for _, tc := range []struct {
		name    string
		edit    func(*fsm.Command)
		is      error
		message string
	}{
		{"no version", func(c *fsm.Command) { c.Version = 0 }, nil, "version 0 is not 1"},
		{"unknown type", func(c *fsm.Command) { c.Type = "cache.fly" }, fsm.ErrUnknownType, `"cache.fly"`},
		{"no payload", func(c *fsm.Command) { c.Payload = nil }, io.ErrUnexpectedEOF, "decode payload"},
		{"half a payload", func(c *fsm.Command) { c.Payload = json.RawMessage(`{"name":`) }, io.ErrUnexpectedEOF, "decode payload"},
		{"two payloads", func(c *fsm.Command) { c.Payload = json.RawMessage(`{} {}`) }, nil, "something follows"},
		{"unknown field", func(c *fsm.Command) { c.Payload = json.RawMessage(`{"colour":1}`) }, nil, "colour"},
		{"fractional weight", func(c *fsm.Command) { c.Payload = json.RawMessage(`{"name":"a","weight":1.5}`) }, nil, "weight"},
		{"large payload", func(c *fsm.Command) { c.Payload = bytes.Repeat([]byte(" "), fsm.MaxCommandSize+1) }, fsm.ErrCommandTooLarge, "exceed the limit of 262144"},
		{"large envelope", func(c *fsm.Command) { c.Key = strings.Repeat("k", fsm.MaxCommandSize) }, fsm.ErrCommandTooLarge, "exceed the limit of 262144"},
		{"year out of range", func(c *fsm.Command) { c.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, nil, "year"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := valid
			tc.edit(&c)
			raw, err := c.Encode()
			if err == nil {
				t.Fatalf("encoded as %.100s", raw)
			}
			if tc.is != nil && !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.message) {
				t.Errorf("error = %v", err)
			}
		})
	}
}

func TestDecodeIsStrict(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, raw, message string }{
		{"empty", ``, "unexpected EOF"},
		{"cut off", `{"v":1,"type":"settings.set"`, "unexpected EOF"},
		{"another kind", `[]`, "cannot unmarshal array"},
		{"unknown field", `{"v":1,"type":"x","at":"2026-11-23T12:00:00Z","payload":{},"extra":1}`, `unknown field "extra"`},
		{"trailing bytes", `{"v":1,"type":"x","at":"2026-11-23T12:00:00Z","payload":{}} x`, "something follows"},
		{"no version", `{"type":"x","payload":{}}`, "version 0 is not 1"},
		{"other version", `{"v":2,"type":"x","payload":{}}`, "version 2 is not 1"},
		{"no type", `{"v":1,"type":"","at":"2026-11-23T12:00:00Z","payload":{}}`, "it has no type"},
		{"no payload", `{"v":1,"type":"x"}`, "it has no payload"},
		{"bad time", `{"v":1,"type":"x","at":"yesterday","payload":{}}`, "yesterday"},
		{"negative revision", `{"v":1,"type":"x","at":"2026-11-23T12:00:00Z","if_revision":-1,"payload":{}}`, "if_revision"},
		{"too large", strings.Repeat(" ", fsm.MaxConfigSize+1), "exceed the limit of 8388608"},
		{"too large for its type", `{"v":1,"type":"x","payload":"` + strings.Repeat(" ", fsm.MaxCommandSize) + `"}`, "exceed the limit of 262144"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if c, err := fsm.Decode([]byte(tc.raw)); err == nil || !strings.Contains(err.Error(), tc.message) {
				t.Errorf("decoded as %+v, error %v", c, err)
			}
		})
	}
}

func TestDecodeKeepsUnknownTypes(t *testing.T) {
	t.Parallel()
	c, err := fsm.Decode([]byte(`{"v":1,"type":"cache.fly","at":"2026-11-23T12:00:00Z","payload":{"x":1}}`))
	if err != nil || c.Type != "cache.fly" || string(c.Payload) != `{"x":1}` {
		t.Errorf("decoded as %+v, error %v", c, err)
	}
}

func TestDecodeDoesNotAlias(t *testing.T) {
	t.Parallel()
	raw, err := keyed(weightOfA(t, 1), "key").Encode()
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	c, err := fsm.Decode(raw)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	want := string(c.Payload)
	clear(raw)
	if string(c.Payload) != want || c.Key != "key" {
		t.Error("the command changed with the bytes it was decoded from")
	}
}

// FuzzDecode compares Decode, which reads the usual form by hand, with what encoding/json makes of the same bytes.
func FuzzDecode(f *testing.F) {
	byCLI := command(f, fsm.ConfigRollback, fsm.Rollback{Revision: 1})
	byCLI.By = "cli"
	for _, c := range []fsm.Command{byCLI, initial(f), keyed(weightOfA(f, 3), "key"), command(f, fsm.MemberSet, member("n1"))} {
		raw, err := c.Encode()
		if err != nil {
			f.Fatalf("encode: %v", err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"v":1,"type":"settings.set","at":"2026-11-23T12:00:00+01:00","if_revision":18446744073709551615,"payload": {} }`))
	f.Add([]byte(`{"payload":{},"v":1,"type":"a\u0062","key":"\"","at":"2026-11-23T12:00:00.5Z"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := fsm.Decode(raw)
		want, wantErr := decodeByReflection(raw)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("error %v, encoding/json says %v", err, wantErr)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("differs from encoding/json (-want +got):\n%s", diff)
		}
		encoded, err := got.Encode()
		if err != nil {
			return // an unknown type or a payload that no state machine would take
		}
		back, err := fsm.Decode(encoded)
		if err != nil {
			t.Fatalf("decode what was encoded: %v", err)
		}
		if back.Type != got.Type || back.Key != got.Key || !back.At.Equal(got.At) || back.IfRevision != got.IfRevision || back.By != got.By {
			t.Fatalf("%+v came back as %+v", got, back)
		}
	})
}

func decodeByReflection(raw []byte) (fsm.Command, error) {
	var c fsm.Command
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return c, errors.New("trailing bytes")
	}
	limit := fsm.MaxCommandSize
	if c.Type == fsm.ConfigApply || c.Type == fsm.ClusterInit {
		limit = fsm.MaxConfigSize
	}
	if c.Version != 1 || c.Type == "" || len(c.Payload) == 0 || len(raw) > limit {
		return c, errors.New("not a command")
	}
	c.At = c.At.UTC()
	return c, nil
}
