package oauth_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers/oauth"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]oauth.Account{
		`{"access_token":"t","refresh_token":"r","expiry_date":1,"quota_project_id":"q"}`: {AccessToken: "t", ProjectID: "q"},
		`{"access_token":"t","resource_url":"portal.qwen.ai"}`:                            {AccessToken: "t", BaseURL: "https://portal.qwen.ai/v1"},
		`{"access_token":"t","resource_url":"https://portal.qwen.ai/v1/"}`:                {AccessToken: "t", BaseURL: "https://portal.qwen.ai/v1"},
		`{"accessToken":"t","region":"us-east-1","profileArn":"arn:x"}`:                   {AccessToken: "t", Region: "us-east-1", ProfileARN: "arn:x"},
	} {
		got, err := oauth.Parse([]byte(file))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", file, err, diff)
		}
	}
	for _, file := range []string{``, `[]`, `{}`, `{"refresh_token":"r"}`, `{"access_token":"t","resource_url":"http://elsewhere"}`} {
		if got, err := oauth.Parse([]byte(file)); err == nil {
			t.Errorf("%s gave %+v", file, got)
		}
	}
}
