// Package oauth reads the credential files that vendors' own programs write. It keeps nothing, asks no server and knows
// neither storage nor leadership.
package oauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"aiproxy/providers"
)

// Account is what a credential file tells of an account. Fields that it lacks are empty.
type Account struct {
	AccessToken providers.Secret
	// BaseURL is where the token is good for, as Qwen's portal tells it, without a trailing slash.
	BaseURL string
	// ProjectID is a Google Cloud project, Region one of AWS, ProfileARN a profile of Kiro's.
	ProjectID, Region, ProfileARN string
}

// Parse reads a credential file: Gemini CLI's and Qwen Code's with names in snake case, or Kiro's in camel case. Errors
// hold nothing of the file's content.
func Parse(raw []byte) (Account, error) {
	var file struct {
		Access      string `json:"access_token"`
		AccessCamel string `json:"accessToken"`
		Resource    string `json:"resource_url"`
		Project     string `json:"project_id"`
		Quota       string `json:"quota_project_id"`
		Region      string `json:"region"`
		Profile     string `json:"profileArn"`
	}
	if json.Unmarshal(raw, &file) != nil {
		return Account{}, errors.New("the file is not a JSON object of credentials")
	}
	a := Account{
		AccessToken: providers.Secret(strings.TrimSpace(file.Access + file.AccessCamel)), Region: file.Region, ProfileARN: file.Profile,
		ProjectID: file.Project,
	}
	if a.ProjectID == "" {
		a.ProjectID = file.Quota
	}
	if a.AccessToken == "" {
		return Account{}, errors.New("the file holds no access token: sign in with the vendor's program first")
	}
	var err error
	a.BaseURL, err = baseURL(file.Resource)
	return a, err
}

// baseURL completes Qwen's resource_url, which is often a host alone.
func baseURL(resource string) (string, error) {
	if resource == "" {
		return "", nil
	}
	u := strings.TrimRight(resource, "/")
	if !strings.Contains(u, "://") {
		u = "https://" + u
	}
	if !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://127.0.0.1") && !strings.HasPrefix(u, "http://localhost") {
		return "", fmt.Errorf("the file's resource_url is not one of https, where a token may be sent")
	}
	if !strings.HasSuffix(u, "/v1") {
		u += "/v1"
	}
	return u, nil
}
