package simulator

import (
	"net/http"
	"strconv"
)

// wholeChat sends the answer as one body.
func (x *exchange) wholeChat(req *chatRequest, sc *script, a *answer) {
	body := x.appendHead(x.out[:0], req, "chat.completion")
	for i := range req.choices {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"index":`...)
		body = strconv.AppendInt(body, int64(i), 10)
		body = append(body, `,"message":`...)
		body = append(body, a.message...)
		body = append(body, `,"logprobs":null,"finish_reason":"`...)
		body = append(body, a.finish...)
		body = append(body, `"}`...)
	}
	body = append(body, `],"usage":`...)
	body = req.appendUsage(body, a.output, a.reasoning)
	body = append(body, '}')
	x.out = body
	switch sc.halfway {
	case silence:
		x.halfBody(body)
		x.hang()
	case brokenConnection:
		x.halfBody(body)
		panic(http.ErrAbortHandler)
	default:
		x.reply(http.StatusOK, "application/json", body)
	}
}

// halfBody announces a body and sends half of it.
func (x *exchange) halfBody(body []byte) {
	header := x.w.Header()
	header["Content-Type"] = []string{"application/json"}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(body[:len(body)/2]) // a client that has gone shows in the record
	_ = http.NewResponseController(x.w).Flush()
}
