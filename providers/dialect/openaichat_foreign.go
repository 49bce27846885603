package dialect

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxForeign bounds what is repeated of an error that another kind of server tells, in bytes.
const maxForeign = 2 << 10

// foreignError takes {"error": {...}} for OpenAI's shape, whatever is in it or beside it.
func (c openAIChat) foreignError(status int, body []byte) *Error {
	own := false
	err := Members(body, func(name, value []byte) bool {
		own = own || string(name) == "error" && value[0] == '{'
		return true
	})
	if own && err == nil {
		return nil
	}
	e := &Error{Status: status}
	if err != nil {
		e.Message = plainText(body)
		return e
	}
	var told struct {
		Message, Error, Detail, Details, Msg, Title json.RawMessage
		Type, Code, Param                           json.RawMessage
	}
	if json.Unmarshal(body, &told) != nil {
		return e // a value between the brackets is malformed
	}
	for _, value := range []json.RawMessage{told.Message, told.Error, told.Detail, told.Details, told.Msg, told.Title} {
		if e.Message = clipForeign(textOf(value)); e.Message != "" {
			break
		}
	}
	e.Type, e.Code, e.Param = word(told.Type), word(told.Code), word(told.Param)
	return e
}

// textOf is a string's content, or what else a value is, written without white space.
func textOf(value json.RawMessage) string {
	var text string
	if len(value) == 0 || string(value) == "null" {
		return ""
	}
	if json.Unmarshal(value, &text) == nil {
		return strings.TrimSpace(text)
	}
	var compact bytes.Buffer
	if json.Compact(&compact, value) != nil {
		return ""
	}
	return compact.String()
}

// word is the content of a string that can stand for a type, a code or a field; other values are no words.
func word(value json.RawMessage) string {
	const longest = 128
	var text string
	if json.Unmarshal(value, &text) != nil || len(text) > longest {
		return ""
	}
	return text
}

// plainText is a body that is a line or two for people, empty for pages and for what is no text.
func plainText(body []byte) string {
	text := strings.TrimSpace(string(body[:min(len(body), maxForeign+utf8.UTFMax)]))
	odd := func(r rune) bool {
		return r == utf8.RuneError || r == '<' || r == '{' || unicode.IsControl(r) && !unicode.IsSpace(r)
	}
	if text = clipForeign(text); strings.IndexFunc(text, odd) >= 0 {
		return ""
	}
	return text
}

// clipForeign bounds a text of another server's.
func clipForeign(text string) string { return clipTo(text, maxForeign) }

// clipTo cuts a text where a character ends.
func clipTo(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	end := longest
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}
