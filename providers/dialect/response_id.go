package dialect

import "bytes"

// ResponseID is the id of the answer that text, an object of OpenAI's Responses API or the beginning of its stream,
// holds as a whole or in part; empty where it is not there yet.
func ResponseID(text []byte) string {
	text = bytes.TrimLeft(text, " \t\r\n")
	if bytes.HasPrefix(text, []byte("{")) {
		return memberText(text, "id")
	}
	for line := range bytes.Lines(text) {
		data, ok := bytes.CutPrefix(line, dataField)
		if !ok {
			continue
		}
		id := ""
		_ = Members(data, func(name, value []byte) bool { // A torso may hold it all the same.
			if string(name) == "response" {
				id = memberText(value, "id")
			}
			return id == ""
		})
		return id
	}
	return ""
}

// memberText is the string of that name in an object, which may be a torso.
func memberText(object []byte, member string) string {
	text := ""
	_ = Members(object, func(name, v []byte) bool {
		if string(name) != member {
			return true
		}
		text = value(v).text()
		return false
	})
	return text
}
