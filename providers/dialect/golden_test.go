package dialect_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers/dialect"
)

var update = flag.Bool("update", false, "write what is expected into the golden cases")

// sides are the two ends of a pair, by the words in the names of directories: testdata/<client>-<upstream>.
var sides = map[string]dialect.Target{
	"chat":      {Dialect: dialect.OpenAIChat, Vendor: dialect.VendorOpenAI},
	"responses": {Dialect: dialect.OpenAIResponses, Vendor: dialect.VendorOpenAI},
	"anthropic": {Dialect: dialect.Anthropic, Vendor: dialect.VendorAnthropic},
	"gemini":    {Dialect: dialect.Gemini, Vendor: dialect.VendorGoogle},
	"kiro":      {Dialect: dialect.Kiro, Vendor: dialect.VendorKiro},
	"qwen":      {Dialect: dialect.OpenAIChat, Vendor: dialect.VendorQwen, OldMaxTokens: true},
}

// TestGolden runs the cases in testdata/<client>-<upstream>/NAME.txtar. A case is text about it and these sections,
// of which the last three are written by -update:
//
//	-- options --           optional lines: stream, model NAME, max_tokens N, server_tools A B, custom_tools,
//	                        echo_reasoning, json_array, profile ARN; "stream" is for clients that ask for it in the path
//	-- client request --
//	-- upstream answer --   or "upstream stream", or "upstream error STATUS"
//	-- report --            what is refused and dropped
//	-- upstream request --
//	-- client answer --     or "client stream", or "client error STATUS"
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*-*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".txtar"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := string(text)
			got := runGolden(t, filepath.Base(filepath.Dir(file)), want)
			switch {
			case !*update:
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			case got != want:
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// golden is a case being run.
type golden struct {
	client   dialect.ClientCodec
	upstream dialect.UpstreamCodec
	x        *dialect.Exchange
	stream   bool
	out      strings.Builder
}

// runGolden runs the case and returns its text as it should be.
func runGolden(t *testing.T, pair, text string) string {
	t.Helper()
	from, to, _ := strings.Cut(pair, "-")
	sections := splitSections(text)
	g := &golden{x: &dialect.Exchange{ID: "req1", Now: 1790000000, Target: sides[to]}}
	var ok, known bool
	g.client, ok = dialect.Lookup(sides[from].Dialect)
	g.upstream, known = dialect.LookupUpstream(sides[to].Dialect)
	if !ok || !known {
		t.Fatalf("no codec for the pair %q", pair)
	}
	g.x.Target.Model = "upstream-model"
	g.out.WriteString(sections[0].body)
	for _, s := range sections[1:] {
		switch {
		case s.name == "options":
			g.options(t, s.body)
			g.section(s.name, s.body)
		case s.name == "client request":
			g.section(s.name, s.body)
			g.request(t, s.body, sections)
		case strings.HasPrefix(s.name, "upstream ") && s.name != "upstream request":
			g.section(s.name, s.body)
			if g.x.Request != nil {
				g.answer(t, s)
			}
		}
	}
	return g.out.String()
}

func (g *golden) section(name, body string) {
	fmt.Fprintf(&g.out, "-- %s --\n%s", name, body)
	if !strings.HasSuffix(body, "\n") {
		g.out.WriteByte('\n')
	}
}

func (g *golden) options(t *testing.T, body string) {
	t.Helper()
	for line := range strings.Lines(body) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		target := &g.x.Target
		switch words[0] {
		case "stream":
			g.stream = true
		case "model":
			target.Model = words[1]
		case "max_tokens":
			target.MaxTokens, _ = strconv.ParseInt(words[1], 10, 64)
		case "server_tools":
			for _, name := range words[1:] {
				target.ServerTools = append(target.ServerTools, dialect.ServerTool(name))
			}
		case "custom_tools":
			target.CustomTools = true
		case "echo_reasoning":
			target.EchoReasoning = true
		case "profile":
			target.ProfileARN = words[1]
		case "json_array":
			g.x.JSONArray = true
		default:
			t.Fatalf("unknown option %q", words[0])
		}
	}
}

// request decodes the client's request and encodes the upstream's.
func (g *golden) request(t *testing.T, body string, sections []section) {
	t.Helper()
	if env, err := dialect.Peek([]byte(body)); err == nil {
		g.stream = g.stream || env.Stream
	}
	report := &dialect.Report{Client: g.client}
	req, err := g.client.DecodeRequest([]byte(body), report)
	if err != nil {
		g.section("report", "error: "+err.Error())
		return
	}
	req.Stream, req.Model = g.stream, "client-model"
	g.x.Request = req
	g.x.Target.Stream = slices.ContainsFunc(sections, func(s section) bool { return s.name == "upstream stream" })
	out := g.upstream.EncodeRequest(nil, g.x, report)
	var told strings.Builder
	for _, r := range report.Refused {
		fmt.Fprintf(&told, "refused: %s %s\n", r.Field, r.Reason)
	}
	for _, name := range report.Dropped {
		fmt.Fprintf(&told, "dropped: %s\n", name)
	}
	if told.Len() > 0 {
		g.section("report", told.String())
	}
	if len(report.Refused) > 0 {
		g.x.Request = nil
		return
	}
	g.section("upstream request", indent(t, out))
}

// answer translates what the upstream says.
func (g *golden) answer(t *testing.T, s section) {
	t.Helper()
	status, isError := strings.CutPrefix(s.name, "upstream error ")
	switch {
	case isError:
		code, _ := strconv.Atoi(status)
		e := g.upstream.DecodeError(code, nil, []byte(strings.TrimSpace(s.body)))
		name := "client error " + strconv.Itoa(g.client.ErrorStatus(e))
		g.section(name, indent(t, dialect.EncodeError(g.client.Name(), e)))
	case s.name == "upstream stream" && g.stream:
		g.section("client stream", g.streamed(t, s.body))
	case s.name == "upstream stream":
		gatherer := dialect.NewGatherer(g.upstream, g.x)
		for _, event := range splitEvents(s.body) {
			if err := gatherer.Feed(event); err != nil {
				t.Fatal(err)
			}
		}
		r, err := gatherer.Close()
		if err != nil {
			g.section("client answer", "error: "+err.Error())
			return
		}
		g.section("client answer", indent(t, g.client.EncodeResponse(nil, r, g.x)))
	default:
		out, r, err := dialect.TranslateResponse(nil, []byte(s.body), g.upstream, g.client, g.x)
		switch {
		case err != nil:
			g.section("client answer", "error: "+err.Error())
		case g.stream:
			stream := dialect.EncodeAsStream(nil, r, g.client, g.x)
			if !g.x.JSONArray {
				checkEvents(t, g.client, stream)
			}
			g.section("client stream", string(stream))
		default:
			g.section("client answer", indent(t, out))
		}
	}
}

func (g *golden) streamed(t *testing.T, body string) string {
	t.Helper()
	stream := dialect.NewStream(g.upstream, g.client, g.x)
	var out []byte
	var err error
	for _, event := range splitEvents(body) {
		if out, err = stream.Feed(out, event); err != nil {
			break
		}
	}
	if err == nil {
		out, err = stream.Close(out)
	}
	if errors.Is(err, dialect.ErrTruncated) || err != nil {
		out = stream.Fail(out, &dialect.Error{Status: 502, Message: err.Error()})
	}
	g.ordered(t, body)
	if !g.x.JSONArray {
		checkEvents(t, g.client, out)
	}
	return string(out)
}

// ordered holds what the decoder tells against the order that encoders rely on.
func (g *golden) ordered(t *testing.T, body string) {
	t.Helper()
	decoder, o := g.upstream.NewDecoder(g.x), order{}
	check := func(list []dialect.Event) {
		for i := range list {
			if err := o.check(&list[i]); err != nil {
				t.Error(err)
			}
		}
	}
	for _, event := range splitEvents(body) {
		data, ok := dataOf(event)
		if !ok {
			continue
		}
		list, err := decoder.Decode(nil, dialect.Frame{Name: nameOf(event), Data: data})
		check(list)
		if err != nil {
			return
		}
	}
	list, err := decoder.Close(nil)
	if check(list); err == nil && !o.ended {
		t.Error("closed without an end")
	}
}

// section is a part of a case, the first one without a name.
type section struct{ name, body string }

func splitSections(text string) []section {
	list := []section{{}}
	for line := range strings.Lines(text) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- ")
		if name, end := strings.CutSuffix(name, " --"); ok && end {
			list = append(list, section{name: name})
			continue
		}
		list[len(list)-1].body += line
	}
	return list
}

// splitEvents cuts a stream into its events. What follows the last blank line is one, too.
func splitEvents(body string) [][]byte {
	var list [][]byte
	var splitter dialect.Splitter
	rest := []byte(body)
	for len(rest) > 0 {
		n, ok := splitter.Next(rest)
		if !ok {
			break
		}
		list = append(list, rest[:n])
		rest = rest[n:]
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		list = append(list, rest)
	}
	return list
}

// indent lays JSON out to be read.
func indent(t *testing.T, text []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, text)
	}
	return out.String() + "\n"
}
