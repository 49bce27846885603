package adminclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"aiproxy/providers"
)

const (
	// DefaultAddress is where a node listens that was told nothing else.
	DefaultAddress = "http://127.0.0.1:3000"
	// answerTimeout bounds one call of Do. A node answers sooner: it gives up a write after 15 seconds.
	answerTimeout = 30 * time.Second
	// maxAnswer bounds what Do reads of an answer in bytes. A configuration of 10,000 instances has some 4 MB.
	maxAnswer = 64 << 20
)

// Options say which node to talk to, and how.
type Options struct {
	// Address is the node's host:port, or a URL with http or https. Empty means DefaultAddress.
	Address string
	// APIKey is sent with every request; empty sends none.
	APIKey providers.Secret
	// CAFile names a PEM file of authorities to trust instead of the system's. It makes sense with https only.
	CAFile string
	// Insecure accepts any certificate: the traffic is encrypted, but nobody knows with whom.
	Insecure bool
}

// Client talks to the management API of one node. Make one with New.
type Client struct {
	base string
	key  providers.Secret
	http *http.Client
}

// New returns a client. It opens no connection; the error is about the options.
func New(o Options) (*Client, error) {
	base, err := baseURL(o.Address)
	if err != nil {
		return nil, err
	}
	trust, err := trusted(o)
	if err != nil {
		return nil, err
	}
	return &Client{
		base: base,
		key:  o.APIKey,
		http: &http.Client{
			Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: trust, TLSHandshakeTimeout: 10 * time.Second},
			// A redirect would carry the key somewhere else, and the API has none.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Address is the root URL of the node, without a slash at its end.
func (c *Client) Address() string { return c.base }

// RequestOption changes a request before it is sent.
type RequestOption func(*http.Request)

// WithHeader sets a header, such as If-Match. An empty value leaves the request as it is.
func WithHeader(name, value string) RequestOption {
	return func(r *http.Request) {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
}

// Do sends in as JSON, nothing when it is nil, and decodes the answer into out unless that is nil. Path may hold a
// query. The call ends after 30 seconds at the latest. An answer outside 2xx is an *Error; a node that cannot be
// reached is an error that names its address.
func (c *Client) Do(ctx context.Context, method, path string, in, out any, options ...RequestOption) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode request for %s: %w", path, err)
		}
		body = bytes.NewReader(raw)
		options = append([]RequestOption{WithHeader("Content-Type", "application/json")}, options...)
	}
	response, err := c.Stream(ctx, method, path, body, options...)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(raw) > maxAnswer {
		err = fmt.Errorf("it is larger than %d bytes", maxAnswer)
	}
	if err != nil {
		return fmt.Errorf("read answer of %s: %w", c.base+path, err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("read answer of %s: %w: is there an aiproxy node at this address?", c.base+path, err)
	}
	return nil
}

// Stream sends body as it is and returns an answer of 2xx, whose Body the caller closes. It lasts as long as ctx. Other
// answers are an *Error.
func (c *Client) Stream(ctx context.Context, method, path string, body io.Reader, options ...RequestOption) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("make request for %s: %w", path, err)
	}
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key.Reveal())
	}
	for _, change := range options {
		change(request)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		defer response.Body.Close()
		return nil, answered(response)
	}
	return response, nil
}

// unreachable says what to look at when there is no answer.
func (c *Client) unreachable(err error) error {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err // It repeats method and URL.
	}
	advice := "check that the node runs and that --address is right"
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		advice = "give the authority of its certificate with --ca-file"
	} else if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		advice = "the node speaks plain HTTP: write http:// in --address"
	}
	return fmt.Errorf("can't reach the node at %s: %w; %s", c.base, err, advice)
}

// baseURL makes a root URL of what an operator wrote.
func baseURL(address string) (string, error) {
	if address == "" {
		return DefaultAddress, nil
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "":
		return "", errors.New("the address of the node is not usable: write host:port or a URL such as " + DefaultAddress)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("the address of the node has the scheme %q: write http:// or https://", u.Scheme)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("the address of the node must not hold a user, a query or a fragment: give the key with --api-key")
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/"), nil
}

func trusted(o Options) (*tls.Config, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure} //nolint:gosec // The operator asked for it by --insecure.
	if o.CAFile == "" {
		return trust, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read --ca-file: %w", err)
	}
	trust.RootCAs = x509.NewCertPool()
	if !trust.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read --ca-file: %s holds no certificate in PEM form", o.CAFile)
	}
	return trust, nil
}
