package dialect

// geminiFound gathers what an answer rests on, for groundingMetadata, which tells it in one place.
type geminiFound struct {
	queries   []string
	sources   []Source
	citations []Citation
	// cited are the words of the answer that the citation of the same index belongs to, empty where they are not known.
	cited []string
}

// add takes what a part tells of it.
func (f *geminiFound) add(p *Part) {
	if c := p.ServerCall; c != nil && c.Query != "" {
		f.queries = append(f.queries, c.Query)
	}
	if r := p.ServerResult; r != nil && r.Tool != ServerCodeInterpreter {
		for i := range r.Sources {
			f.source(r.Sources[i])
		}
	}
	for i := range p.Citations {
		f.cite(&p.Citations[i], citedWords(p.Text, &p.Citations[i]))
	}
}

// cite takes a citation. Those of documents have no address, and Gemini has no place for them.
func (f *geminiFound) cite(c *Citation, words string) {
	if c.URL != "" {
		f.citations = append(f.citations, *c)
		f.cited = append(f.cited, words)
		f.source(Source{URL: c.URL, Title: c.Title})
	}
}

// citedWords are the words of a text that a citation belongs to: all, where it does not tell.
func citedWords(text string, c *Citation) string {
	if c.End <= c.Start {
		return text
	}
	words := []rune(text)
	return string(words[min(c.Start, len(words)):min(c.End, len(words))])
}

// source returns the index of a page.
func (f *geminiFound) source(s Source) int {
	for i := range f.sources {
		if f.sources[i].URL == s.URL {
			if f.sources[i].Title == "" {
				f.sources[i].Title = s.Title
			}
			return i
		}
	}
	f.sources = append(f.sources, s)
	return len(f.sources) - 1
}

// write appends groundingMetadata, if there is anything to tell.
func (f *geminiFound) write(w *writer) {
	if len(f.queries)+len(f.sources) == 0 {
		return
	}
	w.openObject("groundingMetadata")
	if len(f.queries) > 0 {
		w.strs("webSearchQueries", f.queries)
	}
	w.openArray("groundingChunks")
	for i := range f.sources {
		w.open('{')
		w.openObject("web")
		w.str("uri", f.sources[i].URL)
		w.str("title", f.sources[i].Title)
		w.close('}')
		w.close('}')
	}
	w.close(']')
	w.openArray("groundingSupports")
	for i := range f.citations {
		c := &f.citations[i]
		w.open('{')
		w.openObject("segment")
		w.optStr("text", f.cited[i])
		w.close('}')
		w.openArray("groundingChunkIndices")
		w.comma()
		w.buf = appendFloat(w.buf, float64(f.source(Source{URL: c.URL})))
		w.close(']')
		w.close('}')
	}
	w.close(']')
	w.close('}')
}
