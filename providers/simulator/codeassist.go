package simulator

import (
	"encoding/json"
	"net/http"
	"strings"
)

// project is the Google Cloud project that Code Assist makes for an account.
const project = "simulated-project"

// findCodeAssist finds the methods of Gemini's Code Assist, by what follows /v1internal.
func findCodeAssist(_ *http.Request, rest string) (route, bool) {
	to := route{vendor: gemini{oauth: true}, method: http.MethodPost}
	if operation, ok := strings.CutPrefix(rest, "/operations/"); ok {
		to.method, to.serve = http.MethodGet, func(x *exchange) { x.onboarding(operation) }
		return to, true
	}
	switch rest {
	case ":generateContent":
		to.serve = func(x *exchange) { x.codeAssist(false) }
	case ":streamGenerateContent":
		to.serve = func(x *exchange) { x.codeAssist(true) }
	case ":countTokens":
		to.serve = (*exchange).codeAssistCount
	case ":loadCodeAssist":
		to.serve = (*exchange).loadCodeAssist
	case ":onboardUser":
		to.serve = (*exchange).onboardUser
	case ":retrieveUserQuota":
		to.serve = (*exchange).retrieveUserQuota
	default:
		to.method, to.serve = "", (*exchange).noSuchRoute
	}
	return to, true
}

// envelopeShape is that of Code Assist's envelope, the request within being Vertex's.
var envelopeShape = named("model", "project", "user_prompt_id", "enabled_credit_types", "request")

// codeAssist answers generateContent in the envelope.
func (x *exchange) codeAssist(streamed bool) {
	var tree any
	var envelope struct {
		Model   string `json:"model"`
		Project string `json:"project"`
		Request raw    `json:"request"`
	}
	if json.Unmarshal(x.body, &tree) != nil || json.Unmarshal(x.body, &envelope) != nil {
		x.fail(badRequest("Invalid JSON payload received."))
		return
	}
	if found := envelopeShape.find(tree, nil); found != nil {
		x.fail(geminiStray(found))
		return
	}
	switch {
	case strings.HasPrefix(envelope.Model, "models/") || envelope.Model == "":
		x.fail(&fault{status: http.StatusNotFound, message: "Requested entity was not found."})
	case envelope.Project == "":
		x.fail(&fault{status: http.StatusForbidden, message: "Permission denied on resource project ."})
	default:
		x.generate(withoutSession(envelope.Request), envelope.Model, streamed, true)
	}
}

// withoutSession leaves away the member that the inner request has only here.
func withoutSession(request raw) raw {
	var members map[string]raw
	if json.Unmarshal(request, &members) != nil || members["session_id"] == nil {
		return request
	}
	delete(members, "session_id")
	shorter, _ := json.Marshal(members) // its members have just been decoded
	return shorter
}

func (x *exchange) codeAssistCount() {
	var envelope struct {
		Request raw `json:"request"`
	}
	var request map[string]raw
	if json.Unmarshal(x.body, &envelope) != nil || json.Unmarshal(envelope.Request, &request) != nil {
		x.fail(badRequest("Invalid JSON payload received."))
		return
	}
	var model string
	_ = json.Unmarshal(request["model"], &model) // what is no text is a model that does not exist
	name, ok := strings.CutPrefix(model, "models/")
	if !ok {
		x.fail(&fault{status: http.StatusNotFound, message: "Requested entity was not found."})
		return
	}
	x.geminiCount(object("contents", request["contents"]), name)
}

// loadCodeAssist tells the account's tier, and its project once it has one.
func (x *exchange) loadCodeAssist() {
	tier := object("id", "standard-tier", "name", "Gemini Code Assist", "isDefault", true, "userDefinedCloudaicompanionProject", false)
	reply := object("allowedTiers", []raw{tier})
	if x.sim.onboardings.done(bearer(x.r)) {
		reply = object("currentTier", tier, "allowedTiers", []raw{tier}, "cloudaicompanionProject", project)
	}
	x.reply(http.StatusOK, "application/json", reply)
}

// onboardUser begins an operation that is done at its second poll.
func (x *exchange) onboardUser() {
	var req struct {
		TierID string `json:"tierId"`
	}
	if json.Unmarshal(x.body, &req) != nil || req.TierID == "" {
		x.fail(badRequest("Request contains an invalid argument."))
		return
	}
	id := x.id("")
	x.sim.onboardings.begin(id, bearer(x.r))
	x.reply(http.StatusOK, "application/json", object("name", "operations/"+id, "done", false))
}

func (x *exchange) onboarding(id string) {
	done, ok := x.sim.onboardings.poll(id)
	switch {
	case !ok:
		x.fail(&fault{status: http.StatusNotFound, message: "Requested entity was not found."})
	case !done:
		x.reply(http.StatusOK, "application/json", object("name", "operations/"+id, "done", false))
	default:
		x.reply(http.StatusOK, "application/json", object("name", "operations/"+id, "done", true, "response",
			object("cloudaicompanionProject", object("id", project, "name", project))))
	}
}

func (x *exchange) retrieveUserQuota() {
	x.reply(http.StatusOK, "application/json", object("buckets", []raw{object("modelId", "gemini-2.5-pro", "tokenType", "REQUESTS",
		"remainingFraction", 0.5, "remainingAmount", "500", "resetTime", "2026-01-02T00:00:00Z")}))
}
