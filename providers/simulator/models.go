package simulator

import (
	"net/http"

	"aiproxy/providers/dialect"
)

func (x *exchange) listModels() {
	x.reply(http.StatusOK, "application/json", dialect.EncodeModels(dialect.OpenAIChat, x.sim.models))
}

func (x *exchange) model(id string) {
	for _, m := range x.sim.models {
		if m.ID == id {
			x.reply(http.StatusOK, "application/json", dialect.EncodeModel(dialect.OpenAIChat, m))
			return
		}
	}
	x.noSuchModel(id)
}

func (x *exchange) noSuchModel(id string) {
	x.fail(&dialect.Error{
		Status: http.StatusNotFound, Type: "invalid_request_error", Param: "model", Code: "model_not_found",
		Message: "The model '" + id + "' does not exist or you do not have access to it.",
	})
}
