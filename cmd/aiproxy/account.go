package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/gateway/admin/document"
	"aiproxy/providers"
	"aiproxy/providers/oauth"
)

// complete is the configured instance as a document has it, with what its files hold: the access token of its
// credentials and the certificates of its CA.
func complete(in config.Instance) (document.Instance, error) {
	d := document.Instance{
		Name: in.Name, Provider: in.Provider, BaseURL: in.BaseURL, APIKey: document.Secret(in.APIKey.Reveal()),
		Models: in.Models, Weight: in.Weight, Priority: in.Priority, Enabled: in.Enabled,
		Options: document.Options{
			Auth: in.Auth, ProjectID: in.ProjectID, Region: in.Region, ProxyURL: in.ProxyURL,
			ProxyPassword:    document.Secret(in.ProxyPassword.Reveal()),
			FirstByteTimeout: timeout(in.FirstByteTimeout), IdleTimeout: timeout(in.IdleTimeout), ModelAliases: in.ModelAliases,
			Responses: in.Responses,
		},
	}
	for name, value := range in.Headers {
		if d.Headers == nil {
			d.Headers = make(map[string]document.Secret, len(in.Headers))
		}
		d.Headers[http.CanonicalHeaderKey(name)] = document.Secret(value.Reveal())
	}
	return d, errors.Join(addCA(&d, in), addAccount(&d, in))
}

func timeout(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func addCA(d *document.Instance, in config.Instance) error {
	if in.CAFile == "" {
		return nil
	}
	pem, err := os.ReadFile(in.CAFile)
	if err != nil {
		return fmt.Errorf("read ca_file of instance %s: %w", in.Name, err)
	}
	if problem, remedy := document.CheckCA(string(pem)); problem != "" {
		return fmt.Errorf("the ca_file %s of instance %s %s: %s", in.CAFile, in.Name, problem, remedy)
	}
	d.CA = string(pem)
	return nil
}

// addAccount takes the access token out of a file of OAuth credentials. An API key beside it wins.
func addAccount(d *document.Instance, in config.Instance) error {
	if in.CredentialsFile == "" || in.APIKey != "" {
		return nil
	}
	raw, err := os.ReadFile(in.CredentialsFile)
	if err != nil {
		return fmt.Errorf("read credentials of instance %s: %w", in.Name, err)
	}
	account, err := oauth.Parse(raw)
	if err != nil {
		return fmt.Errorf("read credentials of instance %s from %s: %w", in.Name, in.CredentialsFile, err)
	}
	d.APIKey, d.Auth = document.Secret(account.AccessToken.Reveal()), string(providers.AuthOAuth)
	if d.ProjectID == "" {
		d.ProjectID = account.ProjectID
	}
	if d.Region == "" {
		d.Region = account.Region
	}
	d.ProfileARN = account.ProfileARN
	if account.BaseURL != "" && in.DefaultBaseURL() {
		d.BaseURL = account.BaseURL
	}
	return nil
}
