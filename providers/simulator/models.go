package simulator

import (
	"net/http"
	"slices"
)

// born is when all models were made, in Unix seconds.
const born = 1750000000

func (x *exchange) listModels() {
	var data []raw
	for _, id := range x.sim.models {
		data = append(data, x.openAIModel(id))
	}
	x.reply(http.StatusOK, "application/json", object("object", "list", "data", data))
}

func (x *exchange) model(id string) {
	if !slices.Contains(x.sim.models, id) {
		x.noSuchModel(id)
		return
	}
	x.reply(http.StatusOK, "application/json", x.openAIModel(id))
}

func (x *exchange) openAIModel(id string) raw {
	return object("id", id, "object", "model", "created", born, "owned_by", x.sim.name)
}

// noSuchModel refuses in the vendor's words.
func (x *exchange) noSuchModel(id string) {
	x.fail(&fault{status: http.StatusNotFound, cause: noModel, param: id})
}
