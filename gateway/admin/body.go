package admin

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"aiproxy/providers/dialect"
)

// maxBodySize bounds the body of a write in bytes.
const maxBodySize = 1 << 20

// field is a member that a request's object may have. Into points to a pointer, which stays nil without it.
type field struct {
	name string
	into any
	// kind ends the sentence "x must be ...".
	kind string
}

// readFields reads the body as one JSON object with no members but these, spelt exactly so.
func readFields(w http.ResponseWriter, r *http.Request, fields ...field) error {
	members, err := readObject(w, r)
	if err != nil {
		return err
	}
	for _, f := range fields {
		raw, ok := members[f.name]
		if !ok {
			continue
		}
		delete(members, f.name)
		if string(raw) == "null" || json.Unmarshal(raw, f.into) != nil {
			return badRequest("invalid_value", f.name, f.name+" must be "+f.kind+".")
		}
	}
	if len(members) > 0 {
		return unknownFields(members, fields)
	}
	return nil
}

func readObject(w http.ResponseWriter, r *http.Request) (map[string]json.RawMessage, error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodySize))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, &dialect.Error{
			Status:  http.StatusRequestEntityTooLarge,
			Type:    "invalid_request_error",
			Code:    "request_too_large",
			Message: "The request body is larger than " + strconv.Itoa(maxBodySize) + " bytes.",
		}
	}
	if err != nil {
		return nil, badRequest("incomplete_body", "", "The request body ended before it was complete.")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return nil, badRequest("invalid_json", "", "The request body is not a JSON object"+position(err)+".")
	}
	return members, nil
}

func position(err error) string {
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
		return ": fault at byte " + strconv.FormatInt(syntax.Offset, 10)
	}
	return ""
}

func unknownFields(members map[string]json.RawMessage, fields []field) error {
	unknown := slices.Sorted(maps.Keys(members))
	for i, name := range unknown {
		unknown[i] = strconv.Quote(clip(name))
	}
	known := make([]string, 0, len(fields))
	for _, f := range fields {
		known = append(known, f.name)
	}
	return badRequest("unknown_parameter", clip(slices.Min(slices.Collect(maps.Keys(members)))),
		"The request has fields that mean nothing here: "+clip(strings.Join(unknown, ", "))+". Known are "+strings.Join(known, ", ")+".")
}

func badRequest(code, param, message string) error {
	return &dialect.Error{
		Status:  http.StatusBadRequest,
		Type:    "invalid_request_error",
		Code:    code,
		Param:   param,
		Message: message,
	}
}

// clip bounds what an answer repeats of a request.
func clip(text string) string {
	const limit = 200
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "..."
}
