package mock

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"time"

	"aiproxy/scripts/bench/wire"
)

// bufferSize holds the largest request whole, so that it arrives in one read and is looked at in place.
const bufferSize = 64 << 10

// lingerTime bounds how long a client whose request was refused is read from.
const lingerTime = time.Second

const modelList = `{"object":"list","data":[{"id":"gpt-4o-mini","object":"model","created":1764000000,"owned_by":"bench"}]}`

// serve answers the requests of a connection, one after the other. Whatever is wrong with one of them ends the connection.
func (s *Server) serve(conn net.Conn) {
	in := bufio.NewReaderSize(conn, bufferSize)
	for {
		head, err := wire.ReadHead(in)
		if err != nil {
			return
		}
		if head.Chunked || head.Length > bufferSize {
			s.reject(conn, "411 Length Required", "length_required")
			return
		}
		body, err := in.Peek(max(head.Length, 0))
		if err != nil {
			return
		}
		stream := bytes.Contains(body, []byte(`"stream":true`))
		if _, err := in.Discard(len(body)); err != nil {
			return
		}
		switch {
		case head.Authorization != s.authorization:
			s.reject(conn, "401 Unauthorized", "invalid_api_key")
			return
		case len(body) == 0: // The only calls without a body are those that list models.
			_, err = conn.Write(renderAnswer("200 OK", []byte(modelList)))
		case stream:
			err = s.stream(conn)
		default:
			_, err = conn.Write(s.answer)
		}
		if err != nil || head.Close {
			return
		}
	}
}

// reject answers a request that may not have been read whole, and reads on until the client hangs up or its time is over:
// closing a connection with bytes unread resets it, and that overtakes the answer.
func (s *Server) reject(conn net.Conn, status, code string) {
	// The connection is closed next, whether the fault has been told or not.
	_, _ = conn.Write(renderFault(status, code))
	_ = conn.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.Copy(io.Discard, conn)
}

// stream writes the head and then each event by itself, as a provider does. Events follow the schedule of the stream's start,
// so that delays do not add up.
func (s *Server) stream(conn net.Conn) error {
	if _, err := conn.Write([]byte(streamHead)); err != nil {
		return err
	}
	start := time.Now()
	for i, event := range s.events {
		if s.delay > 0 && i > 0 && i < len(s.events)-1 {
			<-time.After(time.Until(start.Add(time.Duration(i) * s.delay)))
		}
		if _, err := conn.Write(event); err != nil {
			return err
		}
	}
	return nil
}
