package mock

import (
	"fmt"

	"aiproxy/scripts/bench/workload"
)

const jsonType = "Content-Type: application/json\r\n"

const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n" +
	"X-Request-Id: req_bench\r\nTransfer-Encoding: chunked\r\n\r\n"

func renderAnswer(status string, body []byte) []byte {
	head := fmt.Sprintf("HTTP/1.1 %s\r\n%sX-Request-Id: req_bench\r\nContent-Length: %d\r\n\r\n", status, jsonType, len(body))
	return append([]byte(head), body...)
}

func renderFault(status, code string) []byte {
	return renderAnswer(status, fmt.Appendf(nil, `{"error":{"message":%q,"type":"invalid_request_error","code":%q}}`, status, code))
}

// renderEvents returns what is written for each event of a stream: one chunk an event, the end of the body with [DONE].
func renderEvents(n int) [][]byte {
	events := make([][]byte, 0, n+1)
	for _, payload := range workload.Payloads(n) {
		events = append(events, chunk(payload))
	}
	return append(events, append(chunk([]byte(workload.Done)), "0\r\n\r\n"...))
}

func chunk(payload []byte) []byte {
	event := fmt.Sprintf("data: %s\n\n", payload)
	return fmt.Appendf(nil, "%x\r\n%s\r\n", len(event), event)
}
