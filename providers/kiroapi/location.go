package kiroapi

import (
	"net/url"
	"strings"

	"aiproxy/providers"
)

// The public endpoints of Kiro, one a region. homeURL is the one that an instance has which names none.
const (
	hostPrefix = "https://q."
	hostSuffix = ".amazonaws.com"
	homeURL    = hostPrefix + "us-east-1" + hostSuffix
)

// compatible tells whether the instance's upstream speaks Anthropic: its base URL has a path.
func compatible(in *providers.Instance) bool {
	u, err := url.Parse(in.BaseURL)
	return err == nil && strings.Trim(u.Path, "/") != ""
}

// located is the instance at the endpoint of its account's region. An address that was given stays.
func located(in *providers.Instance) *providers.Instance {
	region := region(in)
	if in.BaseURL != homeURL || region == "" {
		return in
	}
	there := *in
	there.BaseURL = hostPrefix + region + hostSuffix
	return &there
}

// region is where the account is served, empty where it does not tell: that of its profile, as its tokens may be from
// another one. What cannot be a region's name is none, since it becomes part of a host's.
func region(in *providers.Instance) string {
	name := in.Region
	// arn:aws:codewhisperer:us-east-1:123456789012:profile/ABC
	if fields := strings.Split(in.ProfileARN, ":"); len(fields) > 4 && fields[3] != "" {
		name = fields[3]
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return ""
		}
	}
	return name
}
