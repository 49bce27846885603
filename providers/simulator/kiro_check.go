package simulator

import (
	"encoding/json"
	"regexp"
	"slices"
)

// check refuses what Kiro refuses.
func (req *kiroRequest) check() *fault {
	state := &req.ConversationState
	turns := req.turns()
	if state.ConversationID == "" || state.ChatTriggerType == "" || isEmpty(state.History) || len(turns)%2 == 0 {
		return malformed("")
	}
	offered := make(map[string]bool)
	if c := state.CurrentMessage.User.Context; c != nil {
		for i := range c.Tools {
			offered[c.Tools[i].Specification.Name] = true
		}
	}
	var open []string // Calls that wait for their results.
	for i, t := range turns {
		if i%2 == 1 {
			if t.Assistant == nil || t.User != nil {
				return malformed("")
			}
			var f *fault
			if open, f = t.Assistant.check(offered); f != nil {
				return f
			}
			continue
		}
		if t.User == nil || t.Assistant != nil {
			return malformed("")
		}
		if f := t.User.check(open, i == len(turns)-1); f != nil {
			return f
		}
	}
	return nil
}

// isEmpty tells of an array that is there and holds nothing, which Kiro refuses.
func isEmpty[T any](list []T) bool { return list != nil && len(list) == 0 }

// check returns the calls of a turn. A history with tools needs the tools.
func (a *kiroAssistant) check(offered map[string]bool) ([]string, *fault) {
	if a.Content == "" || isEmpty(a.ToolUses) {
		return nil, malformed("")
	}
	var ids []string
	for _, use := range a.ToolUses {
		if !kiroNames.MatchString(use.ToolUseID) || !offered[use.Name] || !validObject(use.Input) {
			return nil, malformed("")
		}
		ids = append(ids, use.ToolUseID)
	}
	return ids, nil
}

func (u *kiroUser) check(open []string, current bool) *fault {
	if u.Content == "" || u.ModelID == "" || u.Origin == "" || isEmpty(u.Images) {
		return malformed("")
	}
	for _, image := range u.Images {
		if !slices.Contains([]string{"png", "jpeg", "gif", "webp"}, image.Format) || image.Source.Bytes == "" {
			return malformed("")
		}
	}
	if u.Context == nil {
		if len(open) > 0 {
			return malformed(kiroResults)
		}
		return nil
	}
	c := u.Context
	if isEmpty(c.Tools) || isEmpty(c.ToolResults) || len(c.Tools) > 0 && !current {
		return malformed("")
	}
	for i := range c.Tools {
		if f := c.Tools[i].check(); f != nil {
			return f
		}
	}
	return checkKiroResults(c.ToolResults, open)
}

// checkKiroResults demands one result for each call of the turn before, and no other.
func checkKiroResults(results []kiroResult, open []string) *fault {
	left := slices.Clone(open)
	for _, r := range results {
		i := slices.Index(left, r.ToolUseID)
		if i < 0 {
			return malformed(kiroResults)
		}
		left = slices.Delete(left, i, i+1)
		if len(r.Content) == 0 || r.Content[0].Text == "" && !isSet(r.Content[0].JSON) || r.Status != "success" && r.Status != "error" {
			return malformed("")
		}
	}
	if len(left) > 0 {
		return malformed(kiroResults)
	}
	return nil
}

// kiroLongest is how long the description of a tool may be.
const kiroLongest = 10_240

func (t *kiroTool) check() *fault {
	s := &t.Specification
	if !kiroNames.MatchString(s.Name) || s.Description == "" || len(s.Description) > kiroLongest {
		return malformed("")
	}
	var schema map[string]any
	if json.Unmarshal(s.InputSchema.JSON, &schema) != nil {
		return malformed(kiroSchema)
	}
	if _, ok := schema["properties"].(map[string]any); !ok || schema["type"] != "object" || !soundKiroSchema(schema) {
		return malformed(kiroSchema)
	}
	return nil
}

// soundKiroSchema tells whether a schema is free of what some of Kiro's models refuse.
func soundKiroSchema(schema map[string]any) bool {
	for name, member := range schema {
		required, isList := member.([]any)
		switch {
		case name == "$schema", name == "additionalProperties", name == "required" && (!isList || len(required) == 0):
			return false
		case name == "properties":
			fields, ok := member.(map[string]any)
			if !ok {
				return false
			}
			for _, field := range fields {
				if s, ok := field.(map[string]any); ok && !soundKiroSchema(s) {
					return false
				}
			}
		case name == "items":
			if s, ok := member.(map[string]any); ok && !soundKiroSchema(s) {
				return false
			}
		}
	}
	return true
}

// kiroNames is what names of tools, and ids of their calls, must be like; never changed.
var kiroNames = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
